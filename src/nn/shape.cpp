#include <array>
#include <span>
#include <vector>

#include "weft/error.h"
#include "weft/nn/layers.h"
#include "weft/ops/reshape.h"

namespace weft::nn {

Tensor Flatten::forward(const Tensor& x) { return flatten(x); }

Unflatten::Unflatten(Shape shape_) : shape(shape_) {}

Tensor Unflatten::forward(const Tensor& x) {
  if (x.rank() != 2 || x.size(1) != shape.size())
    throw ShapeError("Unflatten: expected x [n, " + std::to_string(shape.size()) + "], got " +
                     x.shape().to_string());
  std::vector<std::int64_t> extents{x.size(0)};
  for (int axis = 0; axis < shape.rank(); ++axis) extents.push_back(shape[axis]);
  return x.reshape(Shape(std::span<const std::int64_t>(extents)));
}

}  // namespace weft::nn
