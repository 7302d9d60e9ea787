#pragma once

#include "weft/tensor.h"

namespace weft {

/// Mean over the rows of -log softmax(logits)[label], for logits [rows, classes] and int32 labels
/// [rows]; a scalar, recorded. Loss and gradient come from one pass over the logits. A label outside
/// 0..classes-1 makes the loss and that row's gradient NaN (data sets check labels when they are
/// made). Throws ShapeError for shapes, dtypes or devices that do not fit, and for no rows.
Tensor cross_entropy(const Tensor& logits, const Tensor& labels);

}  // namespace weft
