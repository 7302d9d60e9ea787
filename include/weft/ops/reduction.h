#pragma once

#include "weft/tensor.h"

namespace weft {

/// Sums of the rows, [rows], and of the columns, [cols], of x [rows, cols]; recorded. The order of the
/// additions is fixed: the same input gives the same bits.
Tensor row_sums(const Tensor& x);
Tensor column_sums(const Tensor& x);

/// The index of each row's largest element, int32 [rows]; the first where several are equal, and the
/// first NaN where there is one. Throws ShapeError for no columns.
Tensor argmax(const Tensor& x);

/// Adds to count (an int32 scalar) the rows of scores [rows, classes] whose argmax is the row's label.
void add_correct_(Tensor& count, const Tensor& scores, const Tensor& labels);

/// Adds to count (an int32 scalar) the elements of scores, float32 of any shape, that lie on the same
/// side of `threshold` as their target (of the same shape) of 0.5: right answers of a yes-or-no model.
void add_correct_(Tensor& count, const Tensor& scores, const Tensor& targets, double threshold);

}  // namespace weft
