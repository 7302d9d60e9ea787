#pragma once

#include "weft/activation.h"
#include "weft/tensor.h"

namespace weft {
/// @addtogroup elementwise
/// @{

/// f(x) of every element, any shape, float32 or float64 on the CPU; recorded. NaN in gives NaN out.
/// `slope` (leaky_relu's, >= 0) throws ShapeError where it is negative or not finite.
/// @{
Tensor sigmoid(const Tensor& x);
Tensor tanh(const Tensor& x);
Tensor relu(const Tensor& x);
Tensor leaky_relu(const Tensor& x, double slope = kLeakySlope);
/// @}

/// The same by name; `none` gives x itself.
Tensor activate(const Tensor& x, Activation activation, double slope = kLeakySlope);

/// @}
}  // namespace weft
