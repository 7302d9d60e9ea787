#pragma once

#include "weft/tensor.h"

namespace weft {
/// @addtogroup losses
/// @{

/// Mean over the rows of -log softmax(logits)[label], for logits [rows, classes] and int32 labels
/// [rows]; a scalar, recorded. Loss and gradient come from one pass over the logits, where a row fits on
/// the chip (on an H100 up to 57,856 classes), else from two. A label outside 0..classes-1 makes the loss
/// and that row's gradient NaN (data sets check labels when they are made). Throws ShapeError for shapes,
/// dtypes or devices that do not fit, and for no rows. Does not synchronise.
Tensor cross_entropy(const Tensor& logits, const Tensor& labels);

// The losses below are means over all elements; a scalar, recorded for their first argument. Targets have
// its shape and dtype. They throw ShapeError for shapes, dtypes or devices that do not fit, and for no
// elements. Loss and gradient come from one pass.

/// Mean of (predictions - targets)².
Tensor mse_loss(const Tensor& predictions, const Tensor& targets);

/// Mean of -(t log p + (1 - t) log(1 - p)) for probabilities p and targets t in 0..1. The logarithms are
/// cut at -100, as in PyTorch, so that p = 0 and p = 1 give a finite loss; p outside 0..1 gives NaN.
Tensor binary_cross_entropy(const Tensor& probabilities, const Tensor& targets);

/// The same of p = sigmoid(scores), as max(x, 0) - x t + log(1 + exp(-|x|)): exact where p would round
/// to 0 or 1, and with the gradient (p - t) / n. The one to train with.
Tensor binary_cross_entropy_with_logits(const Tensor& scores, const Tensor& targets);

/// @}
}  // namespace weft
