#pragma once

#include "weft/tensor.h"

namespace weft {

/// Sums of the rows, [rows], and of the columns, [cols], of x [rows, cols]; recorded. The order of the
/// additions is fixed: the same input gives the same bits.
Tensor row_sums(const Tensor& x);
Tensor column_sums(const Tensor& x);

/// Over all elements of x of any shape: a scalar; recorded. Sums of many blocks are added in a fixed
/// order. The mean, the largest and the variance of nothing throw ShapeError.
Tensor sum(const Tensor& x);
Tensor mean(const Tensor& x);
Tensor max(const Tensor& x);  // NaN where there is one; the gradient goes to the first of equals
/// Mean squared distance from the mean, in two passes over the data or Welford's way (never E[x²] -
/// E[x]²), divided by n - correction. NaN where that is 0 or less.
Tensor variance(const Tensor& x, int correction = 1);

/// The same over each row, [rows], and each column, [cols], of x [rows, cols]; recorded.
Tensor row_means(const Tensor& x);
Tensor column_means(const Tensor& x);
Tensor row_maxima(const Tensor& x);
Tensor column_maxima(const Tensor& x);
Tensor row_variances(const Tensor& x, int correction = 1);
Tensor column_variances(const Tensor& x, int correction = 1);

/// The square root of the sum of squares, a scalar; not recorded. Sums in float32 are scaled or paired so
/// that many small numbers are not lost.
Tensor l2_norm(const Tensor& x);

/// How many of x's elements lie in each of `bins` equal parts of [low, high], int32 [bins]. The last bin
/// includes high; what lies outside, and NaN, is not counted. Throws ShapeError unless bins >= 1 and
/// low < high. Not recorded.
Tensor histogram(const Tensor& x, std::int64_t bins, double low, double high);

/// The index of each row's largest element, int32 [rows]; the first where several are equal, and the
/// first NaN where there is one. Throws ShapeError for no columns.
Tensor argmax(const Tensor& x);

/// Adds to count (an int32 scalar) the rows of scores [rows, classes] whose argmax is the row's label.
void add_correct_(Tensor& count, const Tensor& scores, const Tensor& labels);

/// Adds to count (an int32 scalar) the elements of scores, float32 of any shape, that lie on the same
/// side of `threshold` as their target (of the same shape) of 0.5: right answers of a yes-or-no model.
void add_correct_(Tensor& count, const Tensor& scores, const Tensor& targets, double threshold);

}  // namespace weft
