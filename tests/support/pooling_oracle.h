#pragma once

// What the tests of pooling share: geometries by hand and at random, and loops over results.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/support/shapes.h"
#include "weft/window.h"

namespace weft::test {

inline WindowGeometry geometry(int n, int h, int w, int c, int r, int s, int stride_h, int stride_w,
                               int pad_h = 0, int pad_w = 0, int dilation_h = 1,
                               int dilation_w = 1) {
  return {.n = n,
          .h = h,
          .w = w,
          .c = c,
          .r = r,
          .s = s,
          .p = static_cast<int>(window_places(h, r, stride_h, pad_h, dilation_h)),
          .q = static_cast<int>(window_places(w, s, stride_w, pad_w, dilation_w)),
          .stride_h = stride_h,
          .stride_w = stride_w,
          .pad_h = pad_h,
          .pad_w = pad_w,
          .dilation_h = dilation_h,
          .dilation_w = dilation_w};
}

/// A window of up to `largest` rows and columns, each with its own stride, padding and dilation, in images
/// that it fits: every window covers a pixel.
inline WindowGeometry any_window(Rng& rng, int c, int largest, bool may_dilate = true) {
  struct Axis {
    int window, stride, pad, dilation, extent;
  };
  const auto axis = [&]() -> Axis {
    const auto draw = [&](int low, int high) { return static_cast<int>(rng.integer(low, high)); };
    const int window = draw(1, largest), pad = draw(0, window / 2);
    const int dilation = may_dilate && rng.chance(0.4) ? draw(2, 3) : 1;
    const int reach = dilation * (window - 1) + 1;
    const int least = std::max({reach - 2 * pad, pad > 0 ? dilation : 1, 1});
    return {window, draw(1, largest + 1), pad, dilation, least + draw(0, 6)};
  };
  const Axis down = axis(), along = axis();
  return geometry(static_cast<int>(rng.size(3)), down.extent, along.extent, c, down.window,
                  along.window, down.stride, along.stride, down.pad, along.pad, down.dilation,
                  along.dilation);
}

inline std::int64_t count_of_inputs(const WindowGeometry& g) {
  return std::int64_t{g.n} * g.h * g.w * g.c;
}
inline std::int64_t count_of_results(const WindowGeometry& g) {
  return std::int64_t{g.n} * g.p * g.q * g.c;
}

/// Where [n, h, w, c] lies in an array [.., height, width, channels].
inline std::size_t element(int n, int h, int w, int c, int height, int width, int channels) {
  return static_cast<std::size_t>(((std::int64_t{n} * height + h) * width + w) * channels + c);
}

/// body(n, p, q, c) in the order of the results' elements.
template <class Body>
void for_each_result(const WindowGeometry& g, Body body) {
  for (int n = 0; n < g.n; ++n)
    for (int p = 0; p < g.p; ++p)
      for (int q = 0; q < g.q; ++q)
        for (int c = 0; c < g.c; ++c) body(n, p, q, c);
}

inline std::string text_of(const WindowGeometry& g) {
  const auto pair = [](int a, int b) { return std::to_string(a) + "x" + std::to_string(b); };
  return "[" + std::to_string(g.n) + ", " + pair(g.h, g.w) + ", " + std::to_string(g.c) +
         "], window " + pair(g.r, g.s) + ", stride " + pair(g.stride_h, g.stride_w) + ", padding " +
         pair(g.pad_h, g.pad_w) + ", dilation " + pair(g.dilation_h, g.dilation_w) + ", to " +
         pair(g.p, g.q);
}

}  // namespace weft::test
