// The gradients. That of x is a convolution of dy too, with the weights turned by 180 degrees; where the window
// has a stride it is a product for BLAS, whose rows are added to the pixels that they belong to. That of the weights
// is the product of the forward pass with places and taps in each other's roles.

#include <algorithm>
#include <vector>

#include "src/cpu/convolution.h"
#include "src/cpu/convolution_panels.h"
#include "src/cpu/gemm.h"
#include "src/cpu/im2col.h"
#include "src/cpu/parallel.h"
#include "src/cpu/window_bands.h"

namespace weft::cpu {
namespace {

constexpr std::int64_t kBlock = 1 << 15;  // numbers of a block of the matrix of dx's windows

std::int64_t taps_of(const WindowGeometry& g) { return std::int64_t{g.r} * g.s * g.c; }

/// The convolution of dy that gives dx, for a stride of 1.
WindowGeometry turned(const WindowGeometry& g, std::int64_t k) {
  WindowGeometry back = g;
  back.h = g.p, back.w = g.q, back.c = static_cast<int>(k);
  back.p = g.h, back.q = g.w;
  back.pad_h = g.dilation_h * (g.r - 1) - g.pad_h;
  back.pad_w = g.dilation_w * (g.s - 1) - g.pad_w;
  return back;
}

/// Its weights: panels of channels, over the terms [r, s, k] from the last tap to the first.
template <class T>
Panels<T> panels_of_channels(const T* weight, const WindowGeometry& g, std::int64_t k) {
  const std::int64_t window = std::int64_t{g.r} * g.s;
  Panels<T> panels(g.c, window * k);
  for (std::int64_t output = 0; output < k; ++output)
    for (std::int64_t tap = 0; tap < window; ++tap)
      for (std::int64_t c = 0; c < g.c; ++c)
        panels.at(c, (window - 1 - tap) * k + output) = weight[(output * window + tap) * g.c + c];
  return panels;
}

template <class T>
void backward_data_strided(const T* dy, const T* weight, T* dx, const WindowGeometry& g,
                           std::int64_t k) {
  const std::int64_t places = std::int64_t{g.p} * g.q, taps = taps_of(g);
  const std::int64_t of_block = std::max<std::int64_t>(1, kBlock / std::max<std::int64_t>(taps, 1));
  parallel_for(g.n, g.n * places * taps * k, [&](std::int64_t n) {
    for (std::int64_t first = 0; first < places; first += of_block) {
      const std::int64_t row = n * places + first, rows = std::min(of_block, places - first);
      T* const columns = scratch<T>(rows * taps);
      gemm<T>(dy + row * k, weight, nullptr, columns, rows, taps, k, false, false, T(1), T(0),
              Activation::none, T(0));
      col2im_rows(columns, dx, g, row, rows);
    }
  });
}

/// dy [places, k] as panels of outputs.
template <class T>
Panels<T> panels_of_places(const T* dy, std::int64_t places, std::int64_t k) {
  Panels<T> panels(k, places);
  for (std::int64_t first = 0; first < k; first += kLineLength<T>)
    for (std::int64_t place = 0; place < places; ++place)
      std::copy_n(dy + place * k + first, std::min(kLineLength<T>, k - first),
                  &panels.at(first, place));
  return panels;
}

/// sums, panels [k / lanes, taps], += the gradient from one band.
template <class T>
void add_weight_gradient(const T* x, const T* dy, const WindowBands& bands, const Band& band,
                         std::int64_t k, Line<T>* sums) {
  T* const pixels = scratch<T>(bands.pixels());
  copy_pixels(x, bands, band, pixels);
  const std::int64_t count = band.rows * bands.g.q;
  const auto of_dy =
      panels_of_places(dy + (band.image * bands.g.p + band.first) * bands.g.q * k, count, k);
  const auto places = std::span(bands.places).first(static_cast<std::size_t>(count));
  for (std::int64_t panel = 0; panel * kLineLength<T> < k; ++panel)
    window_product<T>(pixels, bands.taps, places, of_dy.lines.data() + panel * of_dy.terms,
                      numbers_of(sums + panel * taps_of(bands.g)), kLineLength<T>, kLineLength<T>);
}

}  // namespace

template <class T>
void conv2d_backward_data(const T* dy, const T* weight, T* dx, bool add, const WindowGeometry& g,
                          std::int64_t k) {
  const std::int64_t row = std::int64_t{g.w} * g.c;
  if (!add) std::fill_n(dx, std::int64_t{g.n} * g.h * row, T(0));
  if (g.stride_h != 1 || g.stride_w != 1) return backward_data_strided(dy, weight, dx, g, k);
  const WindowBands bands(turned(g, k), g.c);
  const Panels<T> panels = panels_of_channels(weight, g, k);
  parallel_for(bands.count, bands.work(g.c), [&](std::int64_t index) {
    const Band band = bands.band(index);
    T* const pixels = scratch<T>(bands.pixels());
    copy_pixels(dy, bands, band, pixels);
    add_windows(pixels, bands, band, panels, dx + (band.image * g.h + band.first) * row);
  });
}

template <class T>
void conv2d_backward_weight(const T* x, const T* dy, T* dweight, bool add, const WindowGeometry& g,
                            std::int64_t k) {
  const WindowBands bands(g, k);
  const std::int64_t taps = taps_of(g);
  Panels<T> panels(k, taps);
  panels.lines = sum_over_bands<T>(
      bands, bands.work(k), panels.lines.size(),
      [&](const Band& band, Line<T>* sums) { add_weight_gradient(x, dy, bands, band, k, sums); });
  for (std::int64_t output = 0; output < k; ++output)
    for (std::int64_t tap = 0; tap < taps; ++tap) {
      T& to = dweight[output * taps + tap];
      to = add ? to + panels.at(output, tap) : panels.at(output, tap);
    }
}

template void conv2d_backward_data(const float*, const float*, float*, bool, const WindowGeometry&,
                                   std::int64_t);
template void conv2d_backward_data(const double*, const double*, double*, bool,
                                   const WindowGeometry&, std::int64_t);
template void conv2d_backward_weight(const float*, const float*, float*, bool,
                                     const WindowGeometry&, std::int64_t);
template void conv2d_backward_weight(const double*, const double*, double*, bool,
                                     const WindowGeometry&, std::int64_t);

}  // namespace weft::cpu
