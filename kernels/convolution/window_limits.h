#pragma once

#include <algorithm>
#include <string>

#include "weft/error.h"
#include "weft/window.h"

namespace weft::kernels {

/// Throws ShapeError where the product that a convolution is has an extent of 2^30 or more: pixels of the
/// images, places of the window, or taps times channels.
inline void require_product_of_ints(const char* op, const WindowGeometry& g,
                                    std::int64_t channels) {
  const std::int64_t pixels = std::int64_t{g.h} * g.w, places = std::int64_t{g.p} * g.q;
  const std::int64_t taps = std::int64_t{g.r} * g.s, limit = std::int64_t{1} << 30;
  const auto exceeds = [&](std::int64_t a, std::int64_t b) {
    return a > 0 && b >= (limit + a - 1) / a;
  };
  if (exceeds(std::max(g.n, 1), std::max(pixels, places)) ||
      exceeds(taps, std::max<std::int64_t>(channels, g.c)))
    throw ShapeError(
        std::string(op) +
        ": expected fewer than 2^30 pixels, places of the window, and taps times channels, got " +
        std::to_string(g.n) + " images of " + std::to_string(g.h) + "x" + std::to_string(g.w) +
        ", " + std::to_string(g.p) + "x" + std::to_string(g.q) + " places and " +
        std::to_string(taps) + " taps");
}

}  // namespace weft::kernels
