#include "weft/ops/concatenate.h"

#include <array>
#include <limits>
#include <span>
#include <string>
#include <type_traits>

#include "kernels/gather/copy_rows.h"
#include "src/cpu/copy_rows.h"
#include "src/ops/axis.h"
#include "src/ops/profile_scope.h"
#include "weft/autograd.h"
#include "weft/stream.h"

namespace weft {
namespace {

constexpr const char* kOp = "concatenate";

/// A rectangle of a matrix: `length` elements of each row, from `offset` on, rows `stride` elements apart.
struct Part {
  Tensor tensor;
  std::int64_t offset, stride;
};

template <class T>
void copy_elements(const Part& from, const Part& to, bool add, std::int64_t rows,
                   std::int64_t length) {
  const T* const source = from.tensor.data<T>() + from.offset;
  T* const target = to.tensor.data<T>() + to.offset;
  if (from.tensor.device() == Device::cpu)
    cpu::copy_rows(source, from.stride, target, to.stride, add, rows, length);
  else if constexpr (!std::is_same_v<T, double>)  // which only the CPU has
    kernels::copy_rows(source, from.stride, target, to.stride, add, rows, length, current_stream());
}

void copy_part(const Part& from, const Part& to, bool add, std::int64_t rows, std::int64_t length) {
  if (rows == 0 || length == 0) return;  // there may be no memory to point into
  switch (from.tensor.dtype()) {
    case DType::float32:
      return copy_elements<float>(from, to, add, rows, length);
    case DType::float64:
      return copy_elements<double>(from, to, add, rows, length);
    case DType::int32:
      return copy_elements<std::int32_t>(from, to, add, rows, length);
    case DType::uint8:
      return copy_elements<std::uint8_t>(from, to, add, rows, length);
  }
}

/// The shape of the result. All parts but for their extent along `axis` are like the first one.
Shape joined_shape(const std::vector<Tensor>& parts, int axis) {
  const Tensor& first = parts[0];
  std::array<std::int64_t, Shape::kMaxRank> extents{};
  for (int i = 0; i < first.rank(); ++i)
    extents[static_cast<std::size_t>(i)] = i == axis ? 0 : first.size(i);
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const Tensor& part = parts[p];
    bool fits = part.rank() == first.rank();
    for (int i = 0; fits && i < first.rank(); ++i)
      fits = i == axis || part.size(i) == first.size(i);
    if (!fits)
      ops::fail(kOp, "expected part " + std::to_string(p) + " like " + first.shape().to_string() +
                         " but for axis " + std::to_string(axis) + ", got " +
                         part.shape().to_string());
    ops::require_same_dtype(kOp, first, part);
    ops::require_same_device(kOp, {&first, &part});
    std::int64_t& extent = extents[static_cast<std::size_t>(axis)];
    if (part.size(axis) > std::numeric_limits<std::int64_t>::max() - extent)  // of empty parts
      ops::fail(kOp, "expected fewer than 2^63 along axis " + std::to_string(axis) + ", got " +
                         std::to_string(extent) + " and " + std::to_string(part.size(axis)));
    extent += part.size(axis);
  }
  return Shape(
      std::span<const std::int64_t>(extents.data(), static_cast<std::size_t>(first.rank())));
}

}  // namespace

Tensor concatenate(const std::vector<Tensor>& parts, int axis) {
  if (parts.empty()) ops::fail(kOp, "expected one part or more, got none");
  const Tensor& first = parts[0];
  const ops::ProfileScope scope(kOp, first.device());
  if (first.rank() == 0) ops::fail(kOp, "expected parts of rank 1 or more, got []");
  const int joined = ops::axis_of(kOp, first.shape(), axis, first.rank());
  const Tensor y = empty(joined_shape(parts, joined), first.dtype(), first.device());

  // As matrices: a row for each index of the axes before `joined`, of all that follows. Products of extents
  // could overflow where another one is 0.
  std::int64_t rows = 1, inner = y.size() == 0 ? 0 : 1;
  for (int i = 0; i < joined && inner != 0; ++i) rows *= y.size(i);
  for (int i = joined + 1; i < y.rank(); ++i) inner *= y.size(i);
  const std::int64_t stride = y.size(joined) * inner;
  std::vector<std::int64_t> lengths;
  for (const Tensor& part : parts) lengths.push_back(part.size(joined) * inner);

  std::int64_t offset = 0;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    copy_part({parts[p], 0, lengths[p]}, {y, offset, stride}, false, rows, lengths[p]);
    offset += lengths[p];
  }
  return record(kOp, y, parts, [lengths, rows, stride](const Tensor& dy, Gradients& gradients) {
    const ops::ProfileScope backward_scope("concatenate backward", dy.device());
    std::int64_t from = 0;
    for (std::size_t p = 0; p < lengths.size(); ++p) {
      if (gradients.wanted(static_cast<int>(p))) {
        const auto [dx, add] = gradients.target(static_cast<int>(p));
        copy_part({dy, from, stride}, {dx, 0, lengths[p]}, add, rows, lengths[p]);
      }
      from += lengths[p];
    }
  });
}

}  // namespace weft
