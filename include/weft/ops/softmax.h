#pragma once

#include "weft/tensor.h"

namespace weft {

/// exp(x - max) / sum exp(x - max) over each row of x [rows, cols]; recorded. A NaN or +inf in a row
/// makes the whole row NaN, as does a row of -inf only. Throws ShapeError unless x is a floating matrix.
Tensor softmax(const Tensor& x);

}  // namespace weft
