#pragma once

#include "weft/tensor.h"

namespace weft {

/// exp(x - max) / sum exp(x - max) over each row of x [rows, cols]; recorded. A NaN or +inf in a row
/// makes the whole row NaN, as does a row of -inf only. Throws ShapeError unless x is a floating matrix.
Tensor softmax(const Tensor& x);

/// x - max - log sum exp(x - max) over each row of x [rows, cols]; recorded. The same rules for NaN and
/// infinities; an entry of -inf beside finite ones gives -inf.
Tensor log_softmax(const Tensor& x);

}  // namespace weft
