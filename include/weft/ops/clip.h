#pragma once

#include "weft/tensor.h"

namespace weft {
/// @addtogroup elementwise
/// @{

/// Every element of x limited to low..high: PyTorch's clamp. Any shape; float32, or float64 on the CPU;
/// recorded: the gradient passes where low <= x <= high and is 0 elsewhere. NaN stays NaN. An infinite
/// bound limits nothing. Throws ShapeError where low > high or a bound is NaN. Does not synchronise.
Tensor clip(const Tensor& x, double low, double high);

/// @}
}  // namespace weft
