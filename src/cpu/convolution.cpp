// Forward: each place of the map is a row of the product of the image's windows and the weights, a panel of
// neighbouring outputs at a time.

#include "src/cpu/convolution.h"

#include <algorithm>
#include <vector>

#include "src/cpu/activation.h"
#include "src/cpu/convolution_panels.h"
#include "src/cpu/im2col.h"
#include "src/cpu/max_pool.h"
#include "src/cpu/parallel.h"
#include "src/cpu/window_bands.h"

namespace weft::cpu {
namespace {

/// The weights [k, taps] as panels of outputs, [k / lanes, taps].
template <class T>
Panels<T> panels_of_outputs(const T* weight, std::int64_t k, std::int64_t taps) {
  Panels<T> panels(k, taps);
  for (std::int64_t output = 0; output < k; ++output)
    for (std::int64_t tap = 0; tap < taps; ++tap)
      panels.at(output, tap) = weight[output * taps + tap];
  return panels;
}

/// map [rows, q, k] = conv + bias, for a band.
template <class T>
void convolve_band(const T* x, const Panels<T>& weight, const T* bias, const WindowBands& bands,
                   const Band& band, T* pixels, T* map) {
  const std::int64_t k = weight.columns;
  copy_pixels(x, bands, band, pixels);
  for (std::int64_t place = 0; place < band.rows * bands.g.q; ++place) {
    if (bias == nullptr)
      std::fill_n(map + place * k, k, T(0));
    else
      std::copy_n(bias, k, map + place * k);
  }
  add_windows(pixels, bands, band, weight, map);
}

}  // namespace

template <class T>
void conv2d(const T* x, const T* weight, const T* bias, T* y, const WindowGeometry& g,
            std::int64_t k, Activation activation, T slope) {
  const WindowBands bands(g, k);
  const auto panels = panels_of_outputs(weight, k, std::int64_t{g.r} * g.s * g.c);
  parallel_for(bands.count, bands.work(k), [&](std::int64_t index) {
    const Band band = bands.band(index);
    T* const map = y + (band.image * g.p + band.first) * g.q * k;
    convolve_band(x, panels, bias, bands, band, scratch<T>(bands.pixels()), map);
    if (activation != Activation::none)
      cpu::activation(map, map, band.rows * g.q * k, activation, slope);
  });
}

template <class T>
void conv2d_direct(const T* x, const T* weight, const T* bias, T* y, const WindowGeometry& g,
                   std::int64_t k, Activation activation, T slope) {
  const std::int64_t taps = std::int64_t{g.r} * g.s * g.c, rows = std::int64_t{g.n} * g.p;
  parallel_for(rows, rows * g.q * taps * k, [&](std::int64_t row) {
    T* const columns = scratch<T>(taps);
    for (std::int64_t place = row * g.q; place < (row + 1) * g.q; ++place) {
      im2col_rows(x, columns, g, place, 1);  // the pixels of one window
      for (std::int64_t output = 0; output < k; ++output) {
        T sum = bias == nullptr ? T(0) : bias[output];
        for (std::int64_t tap = 0; tap < taps; ++tap)
          sum += columns[tap] * weight[output * taps + tap];
        y[place * k + output] = sum;
      }
    }
    cpu::activation(y + row * g.q * k, y + row * g.q * k, g.q * k, activation, slope);
  });
}

template <class T>
void conv2d_relu_max_pool(const T* x, const T* weight, const T* bias, T* y, std::uint8_t* argmax,
                          const WindowGeometry& geometry, std::int64_t k) {
  WindowGeometry g = geometry;
  g.p = g.p / 2 * 2;  // no square has an odd last row
  if (g.n == 0 || g.p == 0 || g.q < 2 || k == 0) return;
  const WindowBands bands(g, k);
  const auto panels = panels_of_outputs(weight, k, std::int64_t{g.r} * g.s * g.c);
  parallel_for(bands.count, bands.work(k), [&](std::int64_t index) {
    const Band band = bands.band(index);
    const std::int64_t size = band.rows * g.q * k;
    T* const map = scratch<T>(size + bands.pixels());  // [rows, q, k]
    convolve_band(x, panels, bias, bands, band, map + size, map);
    cpu::activation(map, map, size, Activation::relu, T(0));
    const std::int64_t to = (band.image * g.p + band.first) / 2 * (g.q / 2) * k;
    max_pool(map, y + to, argmax + to,
             squares_over(1, static_cast<int>(band.rows), g.q, static_cast<int>(k)));
  });
}

template void conv2d(const float*, const float*, const float*, float*, const WindowGeometry&,
                     std::int64_t, Activation, float);
template void conv2d(const double*, const double*, const double*, double*, const WindowGeometry&,
                     std::int64_t, Activation, double);
template void conv2d_direct(const float*, const float*, const float*, float*, const WindowGeometry&,
                            std::int64_t, Activation, float);
template void conv2d_direct(const double*, const double*, const double*, double*,
                            const WindowGeometry&, std::int64_t, Activation, double);
template void conv2d_relu_max_pool(const float*, const float*, const float*, float*, std::uint8_t*,
                                   const WindowGeometry&, std::int64_t);
template void conv2d_relu_max_pool(const double*, const double*, const double*, double*,
                                   std::uint8_t*, const WindowGeometry&, std::int64_t);

}  // namespace weft::cpu
