#include "src/cpu/avg_pool.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "src/cpu/parallel.h"
#include "src/cpu/pooling.h"

namespace weft::cpu {
namespace {

/// The windows along one axis: their pixels and how many each counts, and the windows over each pixel.
struct Axis {
  std::vector<Range> pixels;           // [places]
  std::vector<std::int64_t> divisors;  // [places]
  std::vector<Range> windows;          // [extent]

  void add_window(std::int64_t begin, std::int64_t end, std::int64_t divisor) {
    pixels.push_back({begin, end});
    divisors.push_back(divisor);
  }
};

Axis sliding_windows(std::int64_t extent, std::int64_t places, std::int64_t window,
                     std::int64_t stride, std::int64_t pad, bool count_pad) {
  Axis axis;
  for (std::int64_t place = 0; place < places; ++place) {
    const std::int64_t start = place * stride - pad;
    const std::int64_t begin = std::max<std::int64_t>(start, 0);
    const std::int64_t end = std::min(start + window, extent);
    axis.add_window(begin, end, count_pad ? window : end - begin);
  }
  axis.windows = windows_over(extent, axis.pixels);
  return axis;
}

Axis equal_parts(std::int64_t extent, std::int64_t places) {
  Axis axis;
  for (std::int64_t place = 0; place < places; ++place) {
    const std::int64_t begin = place * extent / places;
    const std::int64_t end = ((place + 1) * extent + places - 1) / places;
    axis.add_window(begin, end, end - begin);
  }
  axis.windows = windows_over(extent, axis.pixels);
  return axis;
}

template <class T>
void add_to(T* __restrict sum, const T* __restrict term, int channels) {
#pragma omp simd
  for (int c = 0; c < channels; ++c) sum[c] += term[c];
}

/// dx (+)= dy / divisor.
template <bool kAdd, class T>
void pass_share(const T* __restrict dy, T divisor, T* __restrict dx, int channels) {
#pragma omp simd
  for (int c = 0; c < channels; ++c) {
    const T share = dy[c] / divisor;
    dx[c] = kAdd ? dx[c] + share : share;
  }
}

template <class T>
void means(const T* x, T* y, const WindowGeometry& g, const Axis& rows, const Axis& columns) {
  const std::int64_t row_size = std::int64_t{g.w} * g.c, image = g.h * row_size;
  parallel_for(std::int64_t{g.n} * g.p, g.n * image, [&](std::int64_t row) {
    const std::int64_t n = row / g.p;
    const auto p = static_cast<std::size_t>(row % g.p);
    for (std::size_t q = 0; q < columns.pixels.size(); ++q) {
      T* const mean = y + (row * g.q + static_cast<std::int64_t>(q)) * g.c;
      std::fill_n(mean, g.c, T(0));
      for (std::int64_t h = rows.pixels[p].begin; h < rows.pixels[p].end; ++h)
        for (std::int64_t w = columns.pixels[q].begin; w < columns.pixels[q].end; ++w)
          add_to(mean, x + n * image + h * row_size + w * g.c, g.c);
      const auto divisor = static_cast<T>(rows.divisors[p] * columns.divisors[q]);
      for (int c = 0; c < g.c; ++c) mean[c] /= divisor;
    }
  });
}

template <class T>
void means_backward(const T* dy, T* dx, bool add, const WindowGeometry& g, const Axis& rows,
                    const Axis& columns) {
  const std::int64_t size = std::int64_t{g.n} * g.h * g.w * g.c;
  parallel_for(std::int64_t{g.n} * g.h, size, [&](std::int64_t row) {
    const std::int64_t n = row / g.h;
    const Range down = rows.windows[static_cast<std::size_t>(row % g.h)];
    for (std::int64_t w = 0; w < g.w; ++w) {
      const Range along = columns.windows[static_cast<std::size_t>(w)];
      T* const to = dx + (row * g.w + w) * g.c;
      bool written = add;
      for (std::int64_t p = down.begin; p < down.end; ++p)
        for (std::int64_t q = along.begin; q < along.end; ++q) {
          const T* const from = dy + ((n * g.p + p) * g.q + q) * g.c;
          const auto divisor = static_cast<T>(rows.divisors[static_cast<std::size_t>(p)] *
                                              columns.divisors[static_cast<std::size_t>(q)]);
          if (written)
            pass_share<true>(from, divisor, to, g.c);
          else
            pass_share<false>(from, divisor, to, g.c);
          written = true;
        }
      if (!written) std::fill_n(to, g.c, T(0));
    }
  });
}

Axis rows_of(const WindowGeometry& g, bool count_pad) {
  return sliding_windows(g.h, g.p, g.r, g.stride_h, g.pad_h, count_pad);
}
Axis columns_of(const WindowGeometry& g, bool count_pad) {
  return sliding_windows(g.w, g.q, g.s, g.stride_w, g.pad_w, count_pad);
}

}  // namespace

template <class T>
void avg_pool(const T* x, T* y, const WindowGeometry& g, bool count_include_pad) {
  if (has_no_numbers(g)) return;
  means(x, y, g, rows_of(g, count_include_pad), columns_of(g, count_include_pad));
}

template <class T>
void avg_pool_backward(const T* dy, T* dx, bool add, const WindowGeometry& g,
                       bool count_include_pad) {
  if (has_no_numbers(g)) return;
  means_backward(dy, dx, add, g, rows_of(g, count_include_pad), columns_of(g, count_include_pad));
}

template <class T>
void adaptive_avg_pool(const T* x, T* y, const WindowGeometry& g) {
  if (has_no_numbers(g)) return;
  means(x, y, g, equal_parts(g.h, g.p), equal_parts(g.w, g.q));
}

template <class T>
void adaptive_avg_pool_backward(const T* dy, T* dx, bool add, const WindowGeometry& g) {
  if (has_no_numbers(g)) return;
  means_backward(dy, dx, add, g, equal_parts(g.h, g.p), equal_parts(g.w, g.q));
}

template void avg_pool(const float*, float*, const WindowGeometry&, bool);
template void avg_pool(const double*, double*, const WindowGeometry&, bool);
template void avg_pool_backward(const float*, float*, bool, const WindowGeometry&, bool);
template void avg_pool_backward(const double*, double*, bool, const WindowGeometry&, bool);
template void adaptive_avg_pool(const float*, float*, const WindowGeometry&);
template void adaptive_avg_pool(const double*, double*, const WindowGeometry&);
template void adaptive_avg_pool_backward(const float*, float*, bool, const WindowGeometry&);
template void adaptive_avg_pool_backward(const double*, double*, bool, const WindowGeometry&);

}  // namespace weft::cpu
