#include "weft/ops/gather.h"

#include <span>
#include <vector>

#include "kernels/gather/gather.h"
#include "src/cpu/gather.h"
#include "src/ops/check.h"
#include "src/ops/profile_scope.h"

namespace weft {
namespace {

constexpr const char* kOp = "gather_rows_";

/// The shape of x with so many rows.
Shape with_rows(const Tensor& x, std::int64_t rows) {
  std::vector<std::int64_t> extents{rows};
  for (int axis = 1; axis < x.rank(); ++axis) extents.push_back(x.size(axis));
  return Shape(std::span<const std::int64_t>(extents));  // throws where that is too many
}

std::int64_t features_of(const Tensor& x) {  // of a row; also where there are no rows
  return with_rows(x, 1).size();
}

void check(const Tensor& out, const Tensor& out_labels, const Tensor& source, const Tensor& labels,
           std::int64_t begin) {
  ops::require_same_device(kOp, {&out, &out_labels, &source, &labels});
  if (source.rank() < 1) ops::fail(kOp, "expected source of rank 1 or more, got a scalar");
  if (source.dtype() != DType::uint8 && source.dtype() != DType::float32)
    ops::fail(kOp,
              std::string("expected source of uint8 or float32, got ") + name_of(source.dtype()));
  if (labels.dtype() != DType::int32 && labels.dtype() != DType::float32)
    ops::fail(kOp, std::string("expected labels of int32, or targets of float32, got ") +
                       name_of(labels.dtype()));
  if (labels.rank() < 1 || (labels.dtype() == DType::int32 && labels.rank() != 1))
    ops::fail(kOp, "expected labels [n], or targets [n, ...], got " + labels.shape().to_string());
  ops::require_dtype(kOp, "out", out, DType::float32);
  ops::require_dtype(kOp, "out_labels", out_labels, labels.dtype());
  ops::require_rank(kOp, "out", out, 2);
  const std::int64_t n = source.size(0), count = out.size(0);
  ops::require_shape(kOp, "out", out, {count, features_of(source)});
  ops::require_shape(kOp, "labels", labels, with_rows(labels, n));
  ops::require_shape(kOp, "out_labels", out_labels, with_rows(labels, count));
  if (begin < 0 || count > n || begin > n - count)
    ops::fail(kOp, "expected rows within 0.." + std::to_string(n) + ", got " +
                       std::to_string(count) + " from " + std::to_string(begin));
}

}  // namespace

Order Order::shuffled(std::uint64_t seed, std::uint32_t epoch) {
  return {true, RandomKey{seed, Shuffle::kDraw, epoch}};
}

void gather_rows_(Tensor& out, Tensor& out_labels, const Tensor& source, const Tensor& labels,
                  std::int64_t begin, const Order& order, Scaling scaling) {
  const ops::ProfileScope scope(kOp, source.device());
  check(out, out_labels, source, labels, begin);
  const Shuffle rows = order.is_shuffled
                           ? Shuffle(static_cast<std::uint64_t>(source.size(0)), order.key)
                           : Shuffle();
  const auto* const from = static_cast<const std::int32_t*>(labels.data());  // words of any meaning
  auto* const to = static_cast<std::int32_t*>(out_labels.data());
  const std::int64_t words = features_of(labels);
  const auto gather = [&]<class Source>() {
    if (source.device() == Device::gpu)
      kernels::gather_rows(source.data<Source>(), from, rows, begin, scaling.scale, scaling.shift,
                           out.data<float>(), to, out.size(0), out.size(1), words,
                           current_stream());
    else
      cpu::gather_rows(source.data<Source>(), from, rows, begin, scaling.scale, scaling.shift,
                       out.data<float>(), to, out.size(0), out.size(1), words);
  };
  if (source.dtype() == DType::uint8)
    gather.template operator()<std::uint8_t>();
  else
    gather.template operator()<float>();
}

}  // namespace weft
