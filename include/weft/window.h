#pragma once

// Windows that walk over images [n, h, w, c]: what convolution and pooling share.

#include <cstdint>
#include <string>

namespace weft {
/// @addtogroup tensors
/// @{

/// Rows and columns; one number stands for both.
struct Size2d {
  constexpr Size2d(std::int64_t both) : h(both), w(both) {}  ///< as many columns as rows
  /// Rows first.
  constexpr Size2d(std::int64_t rows, std::int64_t columns) : h(rows), w(columns) {}
  friend bool operator==(const Size2d&, const Size2d&) = default;  ///< both

  std::int64_t h;  ///< rows
  std::int64_t w;  ///< columns
};

/// "3x5"
inline std::string to_string(Size2d size) {
  return std::to_string(size.h) + "x" + std::to_string(size.w);
}

/// The geometry of one call: images [n, h, w, c], a window of r x s pixels, results [n, p, q, ...]. Tap (i, j)
/// of the window at place (p, q) is pixel (p stride_h - pad_h + i dilation_h, q stride_w - pad_w + j
/// dilation_w), which may lie outside the image, in its padding. `window_geometry` (src/ops/window.h) makes
/// and checks it: every extent and their pad and dilation fit an int; a product of extents may not.
struct WindowGeometry {
  /// By the names that the formula above has for them.
  /// @{
  int n, h, w, c;
  int r, s;
  int p = 0, q = 0;
  int stride_h = 1, stride_w = 1;
  int pad_h = 0, pad_w = 0;
  int dilation_h = 1, dilation_w = 1;
  /// @}
};

/// The 2x2 squares, side by side, of images [n, h, w, c].
constexpr WindowGeometry squares_over(int n, int h, int w, int c) {
  return {.n = n,
          .h = h,
          .w = w,
          .c = c,
          .r = 2,
          .s = 2,
          .p = h / 2,
          .q = w / 2,
          .stride_h = 2,
          .stride_w = 2};
}

/// Places of a window along one axis: 0 where it does not fit.
constexpr std::int64_t window_places(std::int64_t extent, std::int64_t window, std::int64_t stride,
                                     std::int64_t pad, std::int64_t dilation) {
  const std::int64_t room = extent + 2 * pad - dilation * (window - 1) - 1;
  return room < 0 ? 0 : room / stride + 1;
}

/// @}
}  // namespace weft
