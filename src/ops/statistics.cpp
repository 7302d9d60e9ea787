// Sums over everything, means and variances: made of row sums, column sums and elementwise ops, which also
// gives their gradients.

#include <array>
#include <limits>
#include <span>

#include "src/ops/check.h"
#include "src/ops/profile_scope.h"
#include "weft/ops/elementwise.h"
#include "weft/ops/reduction.h"

namespace weft {
namespace {

constexpr std::int64_t kPiece = 4096;  // elements that one row sum takes together

Tensor as_row(const Tensor& x) { return x.reshape({1, x.size()}); }

void require_some(const char* op, std::int64_t count, const Tensor& x) {
  if (count == 0) ops::fail(op, "expected at least one element, got " + x.shape().to_string());
}

/// 1 / (n - correction); NaN where there is nothing to divide by.
double share(const char* op, std::int64_t count, int correction) {
  if (correction != 0 && correction != 1)
    ops::fail(op, "expected a correction of 0 or 1, got " + std::to_string(correction));
  if (count <= correction) return std::numeric_limits<double>::quiet_NaN();
  return 1.0 / static_cast<double>(count - correction);
}

/// x [..., c] as [all the other axes, c].
Tensor by_channel(const char* op, const Tensor& x) {
  ops::require_floating(op, "x", x);
  if (x.rank() == 0) ops::fail(op, "expected x [..., c], got a scalar");
  std::array<std::int64_t, Shape::kMaxRank> extents{};
  const auto others = static_cast<std::size_t>(x.rank() - 1);
  for (std::size_t i = 0; i < others; ++i) extents[i] = x.size(static_cast<int>(i));
  const Shape rows(std::span<const std::int64_t>(extents.data(), others));
  return x.reshape({rows.size(), x.size(x.rank() - 1)});
}

}  // namespace

Tensor sum(const Tensor& x) {
  const ops::ProfileScope scope("sum", x.device());
  ops::require_floating("sum", "x", x);
  const std::int64_t size = x.size(), pieces = size / kPiece;
  if (pieces <= 1) return row_sums(as_row(x)).reshape({});
  const Tensor flat = x.reshape({size});
  const Tensor whole = flat.rows(0, pieces * kPiece).reshape({pieces, kPiece});
  const Tensor total = sum(row_sums(whole));
  return pieces * kPiece == size ? total : total + sum(flat.rows(pieces * kPiece, size));
}

Tensor mean(const Tensor& x) {
  const ops::ProfileScope scope("mean", x.device());
  require_some("mean", x.size(), x);
  return sum(x) / static_cast<double>(x.size());
}

Tensor row_means(const Tensor& x) {
  const ops::ProfileScope scope("row_means", x.device());
  ops::require_rank("row_means", "x", x, 2);
  require_some("row_means", x.size(1), x);
  return row_sums(x) / static_cast<double>(x.size(1));
}

Tensor column_means(const Tensor& x) {
  const ops::ProfileScope scope("column_means", x.device());
  ops::require_rank("column_means", "x", x, 2);
  require_some("column_means", x.size(0), x);
  return column_sums(x) / static_cast<double>(x.size(0));
}

Tensor variance(const Tensor& x, int correction) {
  const ops::ProfileScope scope("variance", x.device());
  ops::require_floating("variance", "x", x);
  const double factor = share("variance", x.size(), correction);
  if (x.size() == 0) return full({}, factor, x.dtype(), x.device());
  return sum(square(x - mean(x))) * factor;
}

Tensor row_variances(const Tensor& x, int correction) {
  const ops::ProfileScope scope("row_variances", x.device());
  ops::require_rank("row_variances", "x", x, 2);
  ops::require_floating("row_variances", "x", x);
  const double factor = share("row_variances", x.size(1), correction);
  if (x.size(1) == 0) return full({x.size(0)}, factor, x.dtype(), x.device());
  return row_sums(square(x - row_means(x).reshape({x.size(0), 1}))) * factor;
}

Tensor column_variances(const Tensor& x, int correction) {
  const ops::ProfileScope scope("column_variances", x.device());
  ops::require_rank("column_variances", "x", x, 2);
  ops::require_floating("column_variances", "x", x);
  const double factor = share("column_variances", x.size(0), correction);
  if (x.size(0) == 0) return full({x.size(1)}, factor, x.dtype(), x.device());
  return column_sums(square(x - column_means(x))) * factor;
}

Tensor channel_means(const Tensor& x) {
  const ops::ProfileScope scope("channel_means", x.device());
  const Tensor channels = by_channel("channel_means", x);
  require_some("channel_means", channels.size(0), x);
  return column_means(channels);
}

Tensor channel_deviations(const Tensor& x, int correction) {
  const ops::ProfileScope scope("channel_deviations", x.device());
  const Tensor channels = by_channel("channel_deviations", x);
  share("channel_deviations", channels.size(0), correction);  // for its message
  return sqrt(column_variances(channels, correction));
}

}  // namespace weft
