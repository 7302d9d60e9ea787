#pragma once

#include <cstdint>

#include "weft/stream.h"
#include "weft/window.h"

namespace weft::kernels {

/// y[n, p, q, c] = the largest of the pixels of x [n, h, w, c] under each window; and, unless `taps` is null,
/// which of the window's r s taps it was, counted in row-major order: the first of equals, the first NaN of
/// any. Every window covers a pixel. Tap is std::uint8_t (r s <= 256) or std::int32_t.
template <class Tap>
void max_pool(const float* x, float* y, Tap* taps, const WindowGeometry& g, StreamView stream);

/// dx [n, h, w, c] (+)= the sum of dy[n, p, q, c] over the windows that chose the pixel, in row-major order.
/// `add` adds to what is there; otherwise dx is not read.
template <class Tap>
void max_pool_backward(const float* dy, const Tap* taps, float* dx, bool add,
                       const WindowGeometry& g, StreamView stream);

}  // namespace weft::kernels
