#pragma once

#include "weft/tensor.h"

namespace weft {
/// @addtogroup elementwise
/// @{

/// a op b, element by element, in a's shape; recorded for both. b has a's shape, or is one row for all (a
/// [..., cols], b [cols]), one column for all (a [..., cols], b [..., 1]) or a single element. float32, or
/// float64 on the CPU. Division follows IEEE: x / 0 is infinite or NaN. Throws ShapeError where shapes,
/// dtypes or devices do not fit. Does not synchronise.
/// @{
Tensor add(const Tensor& a, const Tensor& b);
Tensor subtract(const Tensor& a, const Tensor& b);
Tensor multiply(const Tensor& a, const Tensor& b);
Tensor divide(const Tensor& a, const Tensor& b);

inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return subtract(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return multiply(a, b); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return divide(a, b); }
/// @}

/// scale x + shift, and x / divisor, of every element, with numbers of the host; recorded. A product alone
/// has -0 for its shift, so that a zero keeps its sign.
/// @{
Tensor affine(const Tensor& x, double scale, double shift);
Tensor divide(const Tensor& x, double divisor);
inline Tensor operator*(double scale, const Tensor& x) { return affine(x, scale, -0.0); }
inline Tensor operator*(const Tensor& x, double scale) { return affine(x, scale, -0.0); }
inline Tensor operator/(const Tensor& x, double divisor) { return divide(x, divisor); }
inline Tensor operator+(const Tensor& x, double shift) { return affine(x, 1, shift); }
inline Tensor operator-(const Tensor& x, double shift) { return affine(x, 1, -shift); }
inline Tensor operator-(const Tensor& x) { return affine(x, -1, -0.0); }
/// @}

/// Of every element; float32, or float64 on the CPU; recorded. log is NaN below 0 and -inf at 0. sqrt is NaN below
/// 0; its gradient at 0 is infinite.
/// @{
Tensor exp(const Tensor& x);
Tensor log(const Tensor& x);
Tensor sqrt(const Tensor& x);
Tensor square(const Tensor& x);
/// @}

/// y += alpha x, in place, not recorded; same shape, dtype, device.
void add_scaled_(Tensor& y, const Tensor& x, double alpha = 1);

/// Every element becomes `value`.
void fill_(Tensor& x, double value);

/// @}
}  // namespace weft
