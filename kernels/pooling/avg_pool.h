#pragma once

#include "weft/stream.h"
#include "weft/window.h"

namespace weft::kernels {

/// y[n, p, q, c] = the mean of x [n, h, w, c] under each window. `count_include_pad` divides by r s, else by
/// the number of pixels; the dilation is 1 and every window covers a pixel.
void avg_pool(const float* x, float* y, const WindowGeometry& g, bool count_include_pad,
              StreamView stream);

/// dx [n, h, w, c] (+)= the sum of dy[n, p, q, c] / divisor over the windows on a pixel, in row-major order.
/// `add` adds to what is there; otherwise dx is not read.
void avg_pool_backward(const float* dy, float* dx, bool add, const WindowGeometry& g,
                       bool count_include_pad, StreamView stream);

/// The same where the p windows of an axis are its extent in p nearly equal parts: floor(i h / p) to
/// ceil((i + 1) h / p) - 1. Of g only the extents n, h, w, c, p and q count.
void adaptive_avg_pool(const float* x, float* y, const WindowGeometry& g, StreamView stream);
void adaptive_avg_pool_backward(const float* dy, float* dx, bool add, const WindowGeometry& g,
                                StreamView stream);

}  // namespace weft::kernels
