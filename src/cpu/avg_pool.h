#pragma once

#include "weft/window.h"

namespace weft::cpu {

/// y[n, p, q, c] = the mean of x [n, h, w, c] under each window. `count_include_pad` divides by r s, else by
/// the number of pixels; the dilation is 1 and every window covers a pixel. T is float or double.
template <class T>
void avg_pool(const T* x, T* y, const WindowGeometry& g, bool count_include_pad);

/// dx [n, h, w, c] (+)= the sum of dy[n, p, q, c] / divisor over the windows on a pixel, in row-major order.
template <class T>
void avg_pool_backward(const T* dy, T* dx, bool add, const WindowGeometry& g,
                       bool count_include_pad);

/// The same where the p windows of an axis are its extent in p nearly equal parts: floor(i h / p) to
/// ceil((i + 1) h / p) - 1. Of g only the extents n, h, w, c, p and q count.
template <class T>
void adaptive_avg_pool(const T* x, T* y, const WindowGeometry& g);
template <class T>
void adaptive_avg_pool_backward(const T* dy, T* dx, bool add, const WindowGeometry& g);

}  // namespace weft::cpu
