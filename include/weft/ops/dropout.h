#pragma once

#include "weft/philox.h"
#include "weft/tensor.h"

namespace weft {
/// @addtogroup elementwise
/// @{

/// Sets each element of x to 0 with probability p and scales the others by 1 / (1 - p): PyTorch's F.dropout
/// in training (Srivastava et al., JMLR 2014). Element i stays where unit_interval(word i % 4 of Philox block
/// i / 4) >= p (weft/philox.h): the same ones on every device, in every dtype, and in the backward, which draws
/// them again. A loop takes another key in each step. Any shape; float32, or float64 on the CPU; recorded. What
/// is dropped is 0, NaN as well; p = 0 gives x itself, p = 1 zeros. Throws ShapeError for p outside 0..1. Does
/// not synchronise.
Tensor dropout(const Tensor& x, double p, RandomKey key);

/// @}
}  // namespace weft
