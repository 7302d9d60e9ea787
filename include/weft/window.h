#pragma once

// Windows that walk over images [n, h, w, c]: what convolution and pooling share.

#include <cstdint>

namespace weft {

/// Rows and columns; one number stands for both.
struct Size2d {
  constexpr Size2d(std::int64_t both) : h(both), w(both) {}
  constexpr Size2d(std::int64_t rows, std::int64_t columns) : h(rows), w(columns) {}
  friend bool operator==(const Size2d&, const Size2d&) = default;

  std::int64_t h, w;
};

/// The geometry of one call: images [n, h, w, c], a window of r x s pixels, results [n, p, q, ...]. Tap (i, j)
/// of the window at place (p, q) is pixel (p stride_h - pad_h + i dilation_h, q stride_w - pad_w + j
/// dilation_w), which may lie outside the image, in its padding. `window_geometry` (src/ops/window.h) makes
/// and checks it: every extent and their pad and dilation fit an int; a product of extents may not.
struct WindowGeometry {
  int n, h, w, c;
  int r, s;
  int p, q;
  int stride_h, stride_w;
  int pad_h, pad_w;
  int dilation_h, dilation_w;
};

/// Places of a window along one axis: 0 where it does not fit.
constexpr std::int64_t window_places(std::int64_t extent, std::int64_t window, std::int64_t stride,
                                     std::int64_t pad, std::int64_t dilation) {
  const std::int64_t room = extent + 2 * pad - dilation * (window - 1) - 1;
  return room < 0 ? 0 : room / stride + 1;
}

}  // namespace weft
