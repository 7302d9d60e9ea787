#pragma once

#include "weft/tensor.h"

namespace weft {
/// @addtogroup reductions
/// @{

/// Sums of the rows, [rows], and of the columns, [cols], of x [rows, cols]; recorded. The order of the
/// additions is fixed: the same input gives the same bits.
/// @{
Tensor row_sums(const Tensor& x);
Tensor column_sums(const Tensor& x);
/// @}

/// Over all elements of x of any shape, a scalar; recorded. Sums are made in a fixed order, of pieces
/// of 4096 elements, then of their sums, and so on. The mean of nothing throws ShapeError.
/// @{
Tensor sum(const Tensor& x);
Tensor mean(const Tensor& x);
/// @}

/// Mean squared distance from the mean, in two passes over the data (never E[x²] - E[x]²), the sum divided
/// by n - correction: 1 for an estimate from a sample, PyTorch's default, 0 for the data themselves. NaN
/// where n - correction is 0, for nothing, and where x has a NaN or an infinity. Throws ShapeError for
/// another correction than 0 or 1.
Tensor variance(const Tensor& x, int correction = 1);

/// Mean and variance, by the same rules, over each row, [rows], and each column, [cols], of x [rows, cols]; recorded.
/// @{
Tensor row_means(const Tensor& x);
Tensor column_means(const Tensor& x);
Tensor row_variances(const Tensor& x, int correction = 1);
Tensor column_variances(const Tensor& x, int correction = 1);
/// @}

/// The mean and the standard deviation of each channel, [c], over all the other axes of x [..., c], as of images
/// [n, h, w, c]; recorded. A deviation is the root of column_variances' variance, with its rules for NaN; its
/// gradient is NaN where it is 0. Throws ShapeError for a scalar, and for a mean of nothing.
/// @{
Tensor channel_means(const Tensor& x);
Tensor channel_deviations(const Tensor& x, int correction = 1);
/// @}

/// The largest element of x, a scalar, and of each row, [rows], and column, [cols], of x [rows, cols];
/// recorded. NaN where there is one. The gradient goes to the first of equals. Throws ShapeError where there
/// is nothing to compare, or more than 2147483647 elements in a row or column.
/// @{
Tensor max(const Tensor& x);
Tensor row_maxima(const Tensor& x);
Tensor column_maxima(const Tensor& x);
/// @}

/// The square root of the sum of squares of x of any shape, a scalar; not recorded. The squares are summed
/// in a fixed order: in float32 on the gpu, so that a norm over 1.8e19 gives infinity and numbers under
/// 1e-19 lose digits, those under 2.6e-23 all of them; in float64 on the cpu.
Tensor l2_norm(const Tensor& x);

/// How many elements of x lie in each of `bins` equal parts of low..high, int32 [bins]; high itself is in the
/// last one, and what lies outside, or is NaN, in none. Not recorded. Throws ShapeError for no bins, where
/// not low < high, both finite, and where bins / (high - low) overflows x's dtype.
Tensor histogram(const Tensor& x, std::int64_t bins, double low, double high);

/// The index of each row's largest element, int32 [rows]; the first where several are equal, and the
/// first NaN where there is one. Throws ShapeError for no columns.
Tensor argmax(const Tensor& x);

/// Adds to count (an int32 scalar) the rows of scores [rows, classes] whose argmax is the row's label.
void add_correct_(Tensor& count, const Tensor& scores, const Tensor& labels);

/// Adds to count (an int32 scalar) the elements of scores, float32 of any shape, that lie on the same
/// side of `threshold` as their target (of the same shape) of 0.5: right answers of a yes-or-no model.
void add_correct_(Tensor& count, const Tensor& scores, const Tensor& targets, double threshold);

/// @}
}  // namespace weft
