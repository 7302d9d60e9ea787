// y[n, p, q, c] = max over the window at (p, q) of x [n, h, w, c], and taps[n, p, q, c], which of the window's
// taps that was. Backward: dx[n, h, w, c] (+)= sum of dy[n, p, q, c] over the windows whose tap is that pixel.
// Bound by memory: a thread takes four channels as 16 bytes and has four pixels in flight, a whole window of
// 2 x 2. Backward gathers: a pixel looks at the few windows that reach it, so there are no atomics and the
// order is fixed. Windows of 2 x 2 that do not overlap are written whole by the thread that reads their dy.

#include "kernels/pooling/max_pool.h"

#include <cmath>

#include "kernels/pooling/pixels.cuh"

namespace weft::kernels {
namespace {

constexpr int kLoads = 4;  // pixels of a thread in flight
constexpr int kTile = 2;   // rows and columns of a window that is written whole

/// The taps inside the image of the window that starts at pixel `start`, which may lie before it.
__device__ __forceinline__ AxisRange taps_inside(int start, int extent, int window, int dilation) {
  return {start < 0 ? (dilation - 1 - start) / dilation : 0,
          min(window, (extent - 1 - start) / dilation + 1)};
}

/// The windows that span `pixel`, which is counted from the first pixel of the padding.
__device__ __forceinline__ AxisRange windows_over(int pixel, int places, int reach, int stride) {
  return {pixel < reach ? 0 : (pixel - reach) / stride + 1, min(places, pixel / stride + 1)};
}

template <int kWidth, class Tap>
__global__ void __launch_bounds__(kPixelThreads, kPixelBlocks)
    max_pool_window_kernel(const float* x,  // [n, h, w, c]
                           float* y,        // [n, p, q, c]
                           Tap* taps,       // [n, p, q, c] or null
                           WindowGeometry g) {
  const auto [n, p, q, channel] = pixel_place<kWidth>(g.p, g.q, g.c);
  if (n >= g.n) return;
  const int top = p * g.stride_h - g.pad_h, left = q * g.stride_w - g.pad_w;
  const AxisRange rows = taps_inside(top, g.h, g.r, g.dilation_h);
  const AxisRange columns = taps_inside(left, g.w, g.s, g.dilation_w);
  const std::int64_t column_step = static_cast<std::int64_t>(g.dilation_w) * g.c;
  const std::int64_t row_step = static_cast<std::int64_t>(g.dilation_h) * g.w * g.c;
  WindowWalk walk{x + element(n, top + rows.begin * g.dilation_h,
                              left + columns.begin * g.dilation_w, channel, g.h, g.w, g.c),
                  columns.size(), column_step, row_step};
  int tap = rows.begin * g.s + columns.begin;
  Pack<float, kWidth> best;
  Pack<int, kWidth> choice;
  WEFT_UNROLL
  for (int e = 0; e < kWidth; ++e) best.of[e] = -INFINITY, choice.of[e] = tap;

  const std::int64_t count = static_cast<std::int64_t>(rows.size()) * columns.size();
  for (std::int64_t first = 0; first < count; first += kLoads) {
    Pack<float, kWidth> values[kLoads];
    int tap_of[kLoads];
    WEFT_UNROLL
    for (int i = 0; i < kLoads; ++i) {
      WEFT_UNROLL
      for (float& value : values[i].of) value = -INFINITY;  // beats nothing
      if (first + i < count) values[i] = load_pack<kWidth>(walk.from);
      tap_of[i] = tap++;
      if (walk.advance()) tap += g.s - columns.size();
    }
    WEFT_UNROLL
    for (int i = 0; i < kLoads; ++i) {
      WEFT_UNROLL
      for (int e = 0; e < kWidth; ++e) {
        const float value = values[i].of[e], old = best.of[e];
        const bool wins = !(value <= old) && old == old;  // a NaN beats any number, and stays
        best.of[e] = wins ? value : old;
        choice.of[e] = wins ? tap_of[i] : choice.of[e];
      }
    }
  }
  const std::int64_t to = element(n, p, q, channel, g.p, g.q, g.c);
  store_pack(y + to, best);
  if (taps == nullptr) return;
  Pack<Tap, kWidth> narrow;
  WEFT_UNROLL
  for (int e = 0; e < kWidth; ++e) narrow.of[e] = static_cast<Tap>(choice.of[e]);
  store_pack(taps + to, narrow);
}

template <int kWidth, class Tap>
__global__ void __launch_bounds__(kPixelThreads, kPixelBlocks)
    max_pool_backward_gather_kernel(const float* dy,  // [n, p, q, c]
                                    const Tap* taps,  // [n, p, q, c]
                                    float* dx,        // [n, h, w, c]
                                    bool add, WindowGeometry g) {
  const auto [n, h, w, channel] = pixel_place<kWidth>(g.h, g.w, g.c);
  if (n >= g.n) return;
  const std::int64_t to = element(n, h, w, channel, g.h, g.w, g.c);
  Pack<float, kWidth> sum{};
  if (add) sum = load_pack<kWidth>(dx + to);
  const AxisRange rows = windows_over(h + g.pad_h, g.p, g.dilation_h * (g.r - 1) + 1, g.stride_h);
  const AxisRange columns =
      windows_over(w + g.pad_w, g.q, g.dilation_w * (g.s - 1) + 1, g.stride_w);
  for (int p = rows.begin; p < rows.end; ++p) {
    const int down = h + g.pad_h - p * g.stride_h;  // from the window's first row
    if (down % g.dilation_h != 0) continue;
    for (int q = columns.begin; q < columns.end; ++q) {
      const int along = w + g.pad_w - q * g.stride_w;
      if (along % g.dilation_w != 0) continue;
      const int tap = down / g.dilation_h * g.s + along / g.dilation_w;
      const std::int64_t from = element(n, p, q, channel, g.p, g.q, g.c);
      const Pack<float, kWidth> gradient = load_pack<kWidth>(dy + from);
      const Pack<Tap, kWidth> choice = load_pack<kWidth>(taps + from);
      WEFT_UNROLL
      for (int e = 0; e < kWidth; ++e)
        sum.of[e] += static_cast<int>(choice.of[e]) == tap ? gradient.of[e] : 0.0f;
    }
  }
  store_pack(dx + to, sum);
}

/// For windows of kTile x kTile at that stride. A thread takes the pixels of one window, or of the rest
/// beside the last one: `tiles` covers the padded image.
template <int kWidth, class Tap>
__global__ void __launch_bounds__(kPixelThreads, kPixelBlocks)
    max_pool_backward_tile_kernel(const float* dy,  // [n, p, q, c]
                                  const Tap* taps,  // [n, p, q, c]
                                  float* dx,        // [n, h, w, c]
                                  bool add, int tiles_h, int tiles_w, WindowGeometry g) {
  const auto [n, p, q, channel] = pixel_place<kWidth>(tiles_h, tiles_w, g.c);
  if (n >= g.n) return;
  Pack<float, kWidth> gradient{}, to[kTile][kTile] = {};
  Pack<Tap, kWidth> choice{};
  if (p < g.p && q < g.q) {
    const std::int64_t from = element(n, p, q, channel, g.p, g.q, g.c);
    gradient = load_pack<kWidth>(dy + from);
    choice = load_pack<kWidth>(taps + from);
  }
  const int top = p * kTile - g.pad_h, left = q * kTile - g.pad_w;
  const auto inside = [&](int i, int j) {
    return top + i >= 0 && top + i < g.h && left + j >= 0 && left + j < g.w;
  };
  const auto place = [&](int i, int j) {
    return dx + element(n, top + i, left + j, channel, g.h, g.w, g.c);
  };
  if (add) {
    WEFT_UNROLL
    for (int tap = 0; tap < kTile * kTile; ++tap) {
      const int i = tap / kTile, j = tap % kTile;
      if (inside(i, j)) to[i][j] = load_pack<kWidth>(place(i, j));
    }
  }
  WEFT_UNROLL
  for (int tap = 0; tap < kTile * kTile; ++tap) {
    const int i = tap / kTile, j = tap % kTile;
    WEFT_UNROLL
    for (int e = 0; e < kWidth; ++e)
      to[i][j].of[e] += static_cast<int>(choice.of[e]) == tap ? gradient.of[e] : 0.0f;
    if (inside(i, j)) store_pack(place(i, j), to[i][j]);
  }
}

bool is_tiled(const WindowGeometry& g) {
  return g.r == kTile && g.s == kTile && g.stride_h == kTile && g.stride_w == kTile &&
         g.dilation_h == 1 && g.dilation_w == 1;
}

}  // namespace

template <class Tap>
void max_pool(const float* x, float* y, Tap* taps, const WindowGeometry& g, StreamView stream) {
  if (g.n == 0 || g.c == 0) return;
  const auto run = [&]<int kWidth>() {
    launch(max_pool_window_kernel<kWidth, Tap>, pixel_launch<kWidth>(g.n, g.p, g.q, g.c), stream, x,
           y, taps, g);
  };
  with_pack_width(g.c, run, x, y, taps);
}

template <class Tap>
void max_pool_backward(const float* dy, const Tap* taps, float* dx, bool add,
                       const WindowGeometry& g, StreamView stream) {
  if (g.n == 0 || g.c == 0) return;
  const auto run = [&]<int kWidth>() {
    if (is_tiled(g)) {
      const int tiles_h = static_cast<int>(ceil_div(g.h + g.pad_h, kTile));
      const int tiles_w = static_cast<int>(ceil_div(g.w + g.pad_w, kTile));
      launch(max_pool_backward_tile_kernel<kWidth, Tap>,
             pixel_launch<kWidth>(g.n, tiles_h, tiles_w, g.c), stream, dy, taps, dx, add, tiles_h,
             tiles_w, g);
    } else {
      launch(max_pool_backward_gather_kernel<kWidth, Tap>, pixel_launch<kWidth>(g.n, g.h, g.w, g.c),
             stream, dy, taps, dx, add, g);
    }
  };
  with_pack_width(g.c, run, dy, taps, dx);
}

template void max_pool(const float*, float*, std::uint8_t*, const WindowGeometry&, StreamView);
template void max_pool(const float*, float*, std::int32_t*, const WindowGeometry&, StreamView);
template void max_pool_backward(const float*, const std::uint8_t*, float*, bool,
                                const WindowGeometry&, StreamView);
template void max_pool_backward(const float*, const std::int32_t*, float*, bool,
                                const WindowGeometry&, StreamView);

}  // namespace weft::kernels
