#include "src/cpu/max_pool.h"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <vector>

#include "src/cpu/parallel.h"
#include "src/cpu/pooling.h"

// The loops over channels are marked as independent: g++ then turns their choices into masks and makes
// vectors of them, which it does not do with all of them unasked.

namespace weft::cpu {
namespace {

constexpr int kChannels = 64;  // whose taps are held at once, beside the maxima

/// As wide as T, so that a vector of numbers and one of their taps have equally many elements.
template <class T>
using Index = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;

/// For each window along one axis, its taps inside the image.
std::vector<Range> taps_inside(std::int64_t places, std::int64_t extent, std::int64_t window,
                               std::int64_t stride, std::int64_t pad, std::int64_t dilation) {
  std::vector<Range> taps;
  for (std::int64_t place = 0; place < places; ++place) {
    const std::int64_t start = place * stride - pad;
    taps.push_back({start < 0 ? (dilation - 1 - start) / dilation : 0,
                    std::min(window, (extent - start + dilation - 1) / dilation)});
  }
  return taps;
}

/// For each window along one axis, the pixels from its first tap to its last.
std::vector<Range> spans(std::int64_t places, std::int64_t window, std::int64_t stride,
                         std::int64_t pad, std::int64_t dilation) {
  std::vector<Range> pixels;
  for (std::int64_t place = 0; place < places; ++place) {
    const std::int64_t start = place * stride - pad;
    pixels.push_back({start, start + dilation * (window - 1) + 1});
  }
  return pixels;
}

/// best = the larger of it and `from`, which is tap `tap`; a NaN is larger than any number.
template <class T>
void keep_larger(const T* __restrict from, Index<T> tap, T* __restrict best,
                 Index<T>* __restrict choice, int channels) {
#pragma omp simd
  for (int c = 0; c < channels; ++c) {
    const T value = from[c], old = best[c];
    const bool wins = !(value <= old) & (old == old);
    best[c] = wins ? value : old;
    choice[c] = wins ? tap : choice[c];
  }
}

/// dx (+)= dy where the window chose `tap`, else 0.
template <bool kAdd, class T, class Tap>
void pass_chosen(const T* __restrict dy, const Tap* __restrict taps, Index<T> tap, T* __restrict dx,
                 int channels) {
#pragma omp simd
  for (int c = 0; c < channels; ++c) {
    const T value = dy[c];
    const T passed = static_cast<Index<T>>(taps[c]) == tap ? value : T(0);
    dx[c] = kAdd ? dx[c] + passed : passed;
  }
}

}  // namespace

template <class T, class Tap>
void max_pool(const T* x, T* y, Tap* taps, const WindowGeometry& g) {
  if (has_no_numbers(g)) return;
  const std::int64_t image = std::int64_t{g.h} * g.w * g.c;
  const auto rows = taps_inside(g.p, g.h, g.r, g.stride_h, g.pad_h, g.dilation_h);
  const auto columns = taps_inside(g.q, g.w, g.s, g.stride_w, g.pad_w, g.dilation_w);
  parallel_for(std::int64_t{g.n} * g.p, g.n * image, [&](std::int64_t row) {
    const std::int64_t n = row / g.p, p = row % g.p;
    const Range row_taps = rows[static_cast<std::size_t>(p)];
    const auto window = [&](std::int64_t q, int first, int channels) {
      const Range column_taps = columns[static_cast<std::size_t>(q)];
      const std::int64_t to = (row * g.q + q) * g.c + first;
      Index<T> choice[kChannels];
      std::fill_n(y + to, channels, -std::numeric_limits<T>::infinity());
      std::fill_n(choice, channels,
                  static_cast<Index<T>>(row_taps.begin * g.s + column_taps.begin));
      for (std::int64_t i = row_taps.begin; i < row_taps.end; ++i)
        for (std::int64_t j = column_taps.begin; j < column_taps.end; ++j) {
          const std::int64_t h = p * g.stride_h - g.pad_h + i * g.dilation_h;
          const std::int64_t w = q * g.stride_w - g.pad_w + j * g.dilation_w;
          keep_larger(x + n * image + (h * g.w + w) * g.c + first,
                      static_cast<Index<T>>(i * g.s + j), y + to, choice, channels);
        }
      if (taps != nullptr)
        std::transform(choice, choice + channels, taps + to,
                       [](Index<T> tap) { return static_cast<Tap>(tap); });
    };
    for (std::int64_t q = 0; q < g.q; ++q)
      for (int first = 0; first < g.c; first += kChannels)
        window(q, first, std::min(kChannels, g.c - first));
  });
}

template <class T, class Tap>
void max_pool_backward(const T* dy, const Tap* taps, T* dx, bool add, const WindowGeometry& g) {
  if (has_no_numbers(g)) return;
  const auto rows = windows_over(g.h, spans(g.p, g.r, g.stride_h, g.pad_h, g.dilation_h));
  const auto columns = windows_over(g.w, spans(g.q, g.s, g.stride_w, g.pad_w, g.dilation_w));
  const std::int64_t size = std::int64_t{g.n} * g.h * g.w * g.c;
  parallel_for(std::int64_t{g.n} * g.h, size, [&](std::int64_t row) {
    const std::int64_t n = row / g.h, h = row % g.h;
    const Range row_windows = rows[static_cast<std::size_t>(h)];
    for (std::int64_t w = 0; w < g.w; ++w) {
      const Range column_windows = columns[static_cast<std::size_t>(w)];
      T* const to = dx + (row * g.w + w) * g.c;
      bool written = add;
      for (std::int64_t p = row_windows.begin; p < row_windows.end; ++p) {
        const std::int64_t down = h + g.pad_h - p * g.stride_h;  // from the window's first row
        if (g.dilation_h > 1 && down % g.dilation_h != 0) continue;
        for (std::int64_t q = column_windows.begin; q < column_windows.end; ++q) {
          const std::int64_t along = w + g.pad_w - q * g.stride_w;
          if (g.dilation_w > 1 && along % g.dilation_w != 0) continue;
          const auto tap = static_cast<Index<T>>(down / g.dilation_h * g.s + along / g.dilation_w);
          const std::int64_t from = ((n * g.p + p) * g.q + q) * g.c;
          if (written)
            pass_chosen<true>(dy + from, taps + from, tap, to, g.c);
          else
            pass_chosen<false>(dy + from, taps + from, tap, to, g.c);
          written = true;
        }
      }
      if (!written) std::fill_n(to, g.c, T(0));
    }
  });
}

template void max_pool(const float*, float*, std::uint8_t*, const WindowGeometry&);
template void max_pool(const float*, float*, std::int32_t*, const WindowGeometry&);
template void max_pool(const double*, double*, std::uint8_t*, const WindowGeometry&);
template void max_pool(const double*, double*, std::int32_t*, const WindowGeometry&);
template void max_pool_backward(const float*, const std::uint8_t*, float*, bool,
                                const WindowGeometry&);
template void max_pool_backward(const float*, const std::int32_t*, float*, bool,
                                const WindowGeometry&);
template void max_pool_backward(const double*, const std::uint8_t*, double*, bool,
                                const WindowGeometry&);
template void max_pool_backward(const double*, const std::int32_t*, double*, bool,
                                const WindowGeometry&);

}  // namespace weft::cpu
