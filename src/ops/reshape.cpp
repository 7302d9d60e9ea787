#include "weft/ops/reshape.h"

#include <algorithm>
#include <array>
#include <span>

#include "src/ops/axis.h"

namespace weft {

Tensor flatten(const Tensor& x, int start_axis) {
  const int rank = x.rank(),
            first = ops::axis_of("flatten", x.shape(), start_axis, std::max(rank, 1));
  std::array<std::int64_t, Shape::kMaxRank> extents{};
  const auto part = [&](int begin, int end) {
    return std::span<const std::int64_t>(extents.data() + begin, extents.data() + end);
  };
  for (int axis = 0; axis < rank; ++axis) extents[static_cast<std::size_t>(axis)] = x.size(axis);
  extents[static_cast<std::size_t>(first)] = Shape(part(first, rank)).size();
  return x.reshape(Shape(part(0, first + 1)));
}

}  // namespace weft
