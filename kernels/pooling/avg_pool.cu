// y[n, p, q, c] = mean over the window at (p, q) of x [n, h, w, c]. Backward: dx[n, h, w, c] (+)= sum of
// dy[n, p, q, c] / divisor over the windows on that pixel.
// Windows slide, or are nearly equal parts of the image: the two axes know where theirs are, the kernels are
// the same. Bound by memory: a thread takes four channels as 16 bytes and has four pixels in flight, a whole
// window of 2 x 2. Backward gathers, in fixed order.

#include "kernels/pooling/avg_pool.h"

#include "kernels/pooling/global_avg_pool.h"
#include "kernels/pooling/pixels.cuh"

namespace weft::kernels {
namespace {

constexpr int kLoads = 4;  // pixels of a thread in flight

__device__ __forceinline__ float product(int a, int b) {
  return static_cast<float>(static_cast<std::int64_t>(a) * b);
}

// An axis knows its windows: at(place) is one of them, next(window) the one behind it, pixels(window) what it
// covers and divisor(window) what it counts; windows_over(pixel) are the places of those on a pixel.

/// Windows of equal size, `stride` apart, of which the first begins `pad` before the image.
struct SlidingAxis {
  int extent, places, window, stride, pad;
  bool count_pad;

  struct Window {
    int start;
  };
  __device__ __forceinline__ Window at(int place) const { return {place * stride - pad}; }
  __device__ __forceinline__ Window next(Window w) const { return {w.start + stride}; }
  __device__ __forceinline__ AxisRange pixels(Window w) const {
    return {max(w.start, 0), min(w.start + window, extent)};
  }
  __device__ __forceinline__ int divisor(Window w) const {
    return count_pad ? window : pixels(w).size();
  }
  __device__ __forceinline__ AxisRange windows_over(int pixel) const {
    const int padded = pixel + pad;
    return {padded < window ? 0 : (padded - window) / stride + 1, min(places, padded / stride + 1)};
  }
};

/// The extent in `places` parts, whose ends are rounded outwards to whole pixels.
struct PartsAxis {
  int extent, places;
  int whole = extent / places, rest = extent % places;

  struct Window {
    int start, rest;  // the exact start is start + rest / places
  };
  __device__ __forceinline__ Window at(int place) const {
    Window w;
    w.start = static_cast<int>(divide(static_cast<std::int64_t>(place) * extent, places, w.rest));
    return w;
  }
  __device__ __forceinline__ Window next(Window w) const {
    const int sum = w.rest + rest;
    const int carry = sum >= places ? 1 : 0;
    return {w.start + whole + carry, sum - carry * places};
  }
  __device__ __forceinline__ AxisRange pixels(Window w) const {
    const Window behind = next(w);
    return {w.start, behind.start + (behind.rest > 0 ? 1 : 0)};
  }
  __device__ __forceinline__ int divisor(Window w) const { return pixels(w).size(); }
  __device__ __forceinline__ AxisRange windows_over(int pixel) const {
    const std::int64_t first = static_cast<std::int64_t>(pixel) * places;
    int remainder;
    return {static_cast<int>(divide(first, extent, remainder)),
            static_cast<int>(divide(first + places - 1, extent, remainder)) + 1};
  }
};

template <int kWidth, class Axis>
__global__ void __launch_bounds__(kPixelThreads, kPixelBlocks)
    avg_pool_window_kernel(const float* x,  // [n, h, w, c]
                           float* y,        // [n, p, q, c]
                           int images, int c, Axis rows, Axis columns) {
  const auto [n, p, q, channel] = pixel_place<kWidth>(rows.places, columns.places, c);
  if (n >= images) return;
  const auto row_window = rows.at(p);
  const auto column_window = columns.at(q);
  const AxisRange down = rows.pixels(row_window), along = columns.pixels(column_window);
  WindowWalk walk{x + element(n, down.begin, along.begin, channel, rows.extent, columns.extent, c),
                  along.size(), c, static_cast<std::int64_t>(columns.extent) * c};
  const std::int64_t count = static_cast<std::int64_t>(down.size()) * along.size();
  Pack<float, kWidth> sum{};
  for (std::int64_t first = 0; first < count; first += kLoads) {
    Pack<float, kWidth> values[kLoads] = {};
    WEFT_UNROLL
    for (int i = 0; i < kLoads; ++i) {
      if (first + i < count) values[i] = load_pack<kWidth>(walk.from);
      walk.advance();
    }
    WEFT_UNROLL
    for (const Pack<float, kWidth>& value : values) add_to(sum, value);
  }
  store_pack(y + element(n, p, q, channel, rows.places, columns.places, c),
             divided(sum, product(rows.divisor(row_window), columns.divisor(column_window))));
}

template <int kWidth, class Axis>
__global__ void __launch_bounds__(kPixelThreads, kPixelBlocks)
    avg_pool_backward_gather_kernel(const float* dy,  // [n, p, q, c]
                                    float* dx,        // [n, h, w, c]
                                    bool add, int images, int c, Axis rows, Axis columns) {
  const auto [n, h, w, channel] = pixel_place<kWidth>(rows.extent, columns.extent, c);
  if (n >= images) return;
  const std::int64_t to = element(n, h, w, channel, rows.extent, columns.extent, c);
  Pack<float, kWidth> sum{};
  if (add) sum = load_pack<kWidth>(dx + to);
  const AxisRange down = rows.windows_over(h), along = columns.windows_over(w);
  auto row_window = rows.at(down.begin);
  const auto first_column_window = columns.at(along.begin);
  for (int p = down.begin; p < down.end; ++p, row_window = rows.next(row_window)) {
    auto column_window = first_column_window;
    for (int q = along.begin; q < along.end; ++q, column_window = columns.next(column_window)) {
      const auto gradient =
          load_pack<kWidth>(dy + element(n, p, q, channel, rows.places, columns.places, c));
      add_to(sum,
             divided(gradient, product(rows.divisor(row_window), columns.divisor(column_window))));
    }
  }
  store_pack(dx + to, sum);
}

template <class Axis>
void means(const float* x, float* y, int n, int c, const Axis& rows, const Axis& columns,
           StreamView stream) {
  if (n == 0 || c == 0) return;
  const auto run = [&]<int kWidth>() {
    launch(avg_pool_window_kernel<kWidth, Axis>,
           pixel_launch<kWidth>(n, rows.places, columns.places, c), stream, x, y, n, c, rows,
           columns);
  };
  with_pack_width(c, run, x, y);
}

template <class Axis>
void means_backward(const float* dy, float* dx, bool add, int n, int c, const Axis& rows,
                    const Axis& columns, StreamView stream) {
  if (n == 0 || c == 0) return;
  const auto run = [&]<int kWidth>() {
    launch(avg_pool_backward_gather_kernel<kWidth, Axis>,
           pixel_launch<kWidth>(n, rows.extent, columns.extent, c), stream, dy, dx, add, n, c, rows,
           columns);
  };
  with_pack_width(c, run, dy, dx);
}

SlidingAxis sliding_rows(const WindowGeometry& g, bool count_pad) {
  return {g.h, g.p, g.r, g.stride_h, g.pad_h, count_pad};
}
SlidingAxis sliding_columns(const WindowGeometry& g, bool count_pad) {
  return {g.w, g.q, g.s, g.stride_w, g.pad_w, count_pad};
}

}  // namespace

void avg_pool(const float* x, float* y, const WindowGeometry& g, bool count_include_pad,
              StreamView stream) {
  means(x, y, g.n, g.c, sliding_rows(g, count_include_pad), sliding_columns(g, count_include_pad),
        stream);
}

void avg_pool_backward(const float* dy, float* dx, bool add, const WindowGeometry& g,
                       bool count_include_pad, StreamView stream) {
  means_backward(dy, dx, add, g.n, g.c, sliding_rows(g, count_include_pad),
                 sliding_columns(g, count_include_pad), stream);
}

void adaptive_avg_pool(const float* x, float* y, const WindowGeometry& g, StreamView stream) {
  if (g.p == 1 && g.q == 1)
    global_avg_pool(x, y, g.n, std::int64_t{g.h} * g.w, g.c, stream);
  else
    means(x, y, g.n, g.c, PartsAxis{g.h, g.p}, PartsAxis{g.w, g.q}, stream);
}

void adaptive_avg_pool_backward(const float* dy, float* dx, bool add, const WindowGeometry& g,
                                StreamView stream) {
  means_backward(dy, dx, add, g.n, g.c, PartsAxis{g.h, g.p}, PartsAxis{g.w, g.q}, stream);
}

}  // namespace weft::kernels
