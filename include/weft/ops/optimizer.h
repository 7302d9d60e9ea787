#pragma once

#include "weft/tensor.h"

namespace weft {

/// values -= lr gradients, and gradients = 0, over two flat tensors of equal size, in one launch.
void sgd_(Tensor& values, Tensor& gradients, double lr);

}  // namespace weft
