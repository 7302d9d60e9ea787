#pragma once

#include "weft/tensor.h"

namespace weft {
/// @addtogroup rows
/// @{

/// exp(x - max) / sum exp(x - max) over each row of x [rows, cols]; recorded. A NaN or +inf in a row
/// makes the whole row NaN, as does a row of -inf only. Throws ShapeError unless x is a floating matrix.
/// A GPU reads a row once where it fits on the chip (on an H100 up to 57,856 columns, the gradient's two
/// inputs up to 28,928) and twice, by many blocks, where it does not. Does not synchronise.
Tensor softmax(const Tensor& x);

/// x - max - log sum exp(x - max) over each row of x [rows, cols]; recorded. The same rules for NaN and
/// infinities; an entry of -inf beside finite ones gives -inf. Throws ShapeError as softmax does. Rows are
/// read as softmax reads them, the gradient's up to 57,856 columns once. Does not synchronise.
Tensor log_softmax(const Tensor& x);

/// @}
}  // namespace weft
