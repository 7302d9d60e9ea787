#pragma once

#include <cstdint>

#include "weft/window.h"

namespace weft::cpu {

/// y[n, p, q, c] = the largest of the pixels of x [n, h, w, c] under each window; and, unless `taps` is null,
/// which of the window's r s taps it was, counted in row-major order: the first of equals, the first NaN of
/// any. Every window covers a pixel. T is float or double, Tap std::uint8_t (r s <= 256) or std::int32_t.
template <class T, class Tap>
void max_pool(const T* x, T* y, Tap* taps, const WindowGeometry& g);

/// dx [n, h, w, c] (+)= the sum of dy[n, p, q, c] over the windows that chose the pixel, in row-major order.
template <class T, class Tap>
void max_pool_backward(const T* dy, const Tap* taps, T* dx, bool add, const WindowGeometry& g);

}  // namespace weft::cpu
