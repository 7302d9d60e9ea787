#include "src/ops/pooling.h"

#include <string>

#include "src/ops/check.h"
#include "src/ops/window.h"

namespace weft::ops {
namespace {

void require_pixels(const char* op, const Tensor& x) {
  require_rank(op, "x [n, h, w, c]", x, 4);
  require_floating(op, "x", x);
  if (x.size(1) == 0 || x.size(2) == 0)
    fail(op, "expected images of at least one pixel, got x " + x.shape().to_string());
}

}  // namespace

WindowGeometry pooling_geometry(const char* op, const Tensor& x, Size2d window, Size2d stride,
                                Size2d padding, Size2d dilation) {
  require_pixels(op, x);
  const WindowGeometry g = window_geometry(op, x, window, stride, padding, dilation);
  if (padding.h > window.h / 2 || padding.w > window.w / 2)
    fail(op, "expected a padding of at most half the window, got " + to_string(padding) +
                 " and a window of " + to_string(window));
  // The one way to miss the image that is left: two taps, one before it and one behind.
  if ((padding.h > 0 && dilation.h > x.size(1)) || (padding.w > 0 && dilation.w > x.size(2)))
    fail(op, "expected windows that cover a pixel, got a dilation of " + to_string(dilation) +
                 " over x " + x.shape().to_string());
  return g;
}

WindowGeometry parts_geometry(const char* op, const Tensor& x, Size2d output) {
  require_pixels(op, x);
  WindowGeometry g = window_geometry(op, x, 1, 1, 0, 1);
  constexpr std::int64_t kLargest = std::int64_t{1} << 30;
  if (output.h < 1 || output.w < 1 || output.h > kLargest || output.w > kLargest)
    fail(op, "expected an output of 1 or more (and at most 2^30), got " + to_string(output));
  g.p = static_cast<int>(output.h);
  g.q = static_cast<int>(output.w);
  return g;
}

}  // namespace weft::ops
