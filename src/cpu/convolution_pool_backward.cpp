// Of the four places of a square one has a gradient, and another one for each output: output by output, the windows of
// these places are summed for the weights, and the weights added to them for the pixels. A quarter of the work of the whole
// map's gradient, which is never made.

#include <algorithm>
#include <vector>

#include "src/cpu/convolution.h"
#include "src/cpu/convolution_panels.h"
#include "src/cpu/line_product.h"
#include "src/cpu/parallel.h"
#include "src/cpu/window_bands.h"

namespace weft::cpu {
namespace {

constexpr int kLine = 16;  // channels: a cache line of floats, two of doubles

WindowGeometry without_odd_row(WindowGeometry g) {
  g.p = g.p / 2 * 2;
  return g;
}

/// Where the cache lines of a window start, from its first pixel on.
template <class T>
std::vector<std::int64_t> lines_of_window(const WindowBands& bands) {
  std::vector<std::int64_t> lines;
  for (std::size_t tap = 0; tap < bands.taps.size(); tap += kLineLength<T>)
    lines.push_back(bands.taps[tap]);
  return lines;
}

/// The maxima of a band that have a gradient, output by output.
template <class T>
class ChosenPlaces {
 public:
  ChosenPlaces(const T* dy, const std::uint8_t* argmax, const WindowBands& bands, const Band& band,
               std::int64_t k)
      : k_(k) {
    const WindowGeometry& g = bands.g;
    const std::int64_t columns = g.q / 2;
    const std::int64_t first = (band.image * (g.p / 2) + band.first / 2) * columns * k;
    dy_ = dy + first, argmax_ = argmax + first;
    const auto start_of = [&](std::int64_t p, std::int64_t q) {
      return bands.places[static_cast<std::size_t>(p * g.q + q)];
    };
    for (std::int64_t p = 0; p < band.rows; p += 2)
      for (std::int64_t q = 0; q < columns; ++q) corners_.push_back(start_of(p, 2 * q));
    if (corners_.empty()) return;
    for (int which = 0; which < 4; ++which) from_corner_[which] = start_of(which / 2, which % 2);
    starts_.resize(corners_.size());
    gradients_.resize(corners_.size());
  }

  Chosen<T> of_output(std::int64_t output) {
    std::size_t count = 0;
    for (std::size_t square = 0; square < corners_.size(); ++square) {
      const std::int64_t at = static_cast<std::int64_t>(square) * k_ + output;
      starts_[count] = corners_[square] + from_corner_[argmax_[at]];
      gradients_[count] = dy_[at];
      count += dy_[at] != 0 ? 1 : 0;  // else the next one takes its place
    }
    return {std::span(starts_).first(count), gradients_.data()};
  }

 private:
  std::int64_t k_, from_corner_[4] = {};
  const T* dy_;
  const std::uint8_t* argmax_;
  std::vector<std::int64_t> corners_, starts_;
  std::vector<T> gradients_;
};

}  // namespace

bool conv2d_pooled_backward_fits(const WindowGeometry& g) { return g.c > 0 && g.c % kLine == 0; }

template <class T>
void conv2d_pooled_backward_data(const T* dy, const std::uint8_t* argmax, const T* weight, T* dx,
                                 bool add, const WindowGeometry& geometry, std::int64_t k) {
  const WindowBands bands(without_odd_row(geometry), k);
  const WindowGeometry& g = bands.g;
  const std::int64_t of_image = std::int64_t{g.h} * g.w * g.c;
  const auto taps = static_cast<std::int64_t>(bands.taps.size()),
             lines_of_output = taps / kLineLength<T>;
  const std::vector<std::int64_t> lines = lines_of_window<T>(bands);
  std::vector<Line<T>> weights(static_cast<std::size_t>(k * lines_of_output));
  std::copy_n(weight, k * taps, numbers_of(weights.data()));
  parallel_for(g.n, bands.work(k), [&](std::int64_t image) {
    if (!add) std::fill_n(dx + image * of_image, of_image, T(0));
    if (g.p == 0) return;
    const std::int64_t size = bands.pixel_rows(g.p) * bands.row_length;
    T* const pixels = scratch<T>(size);  // of the whole image, since bands overlap
    std::fill_n(pixels, size, T(0));
    for (std::int64_t i = image * bands.of_image; i < (image + 1) * bands.of_image; ++i) {
      const Band band = bands.band(i);
      ChosenPlaces<T> places(dy, argmax, bands, band, k);
      for (std::int64_t output = 0; output < k; ++output)
        scatter_lines<T>(weights.data() + output * lines_of_output, lines, places.of_output(output),
                         pixels + band.first * g.stride_h * bands.row_length);
    }
    add_pixels(pixels, bands, Band{image, 0, g.p}, dx);
  });
}

template <class T>
void conv2d_pooled_backward_weight(const T* x, const T* dy, const std::uint8_t* argmax, T* dweight,
                                   bool add, const WindowGeometry& geometry, std::int64_t k) {
  const WindowBands bands(without_odd_row(geometry), k);
  const auto taps = static_cast<std::int64_t>(bands.taps.size()),
             lines_of_output = taps / kLineLength<T>;
  const std::vector<std::int64_t> lines = lines_of_window<T>(bands);
  auto sums = sum_over_bands<T>(bands, bands.work(k), static_cast<std::size_t>(k * lines_of_output),
                                [&](const Band& band, Line<T>* of_part) {
                                  T* const pixels = scratch<T>(bands.pixels());
                                  copy_pixels(x, bands, band, pixels);
                                  ChosenPlaces<T> places(dy, argmax, bands, band, k);
                                  for (std::int64_t output = 0; output < k; ++output)
                                    gather_lines<T>(pixels, lines, places.of_output(output),
                                                    of_part + output * lines_of_output);
                                });
  const T* const sum = numbers_of(sums.data());
  for (std::int64_t i = 0; i < k * taps; ++i) dweight[i] = add ? dweight[i] + sum[i] : sum[i];
}

template void conv2d_pooled_backward_data(const float*, const std::uint8_t*, const float*, float*,
                                          bool, const WindowGeometry&, std::int64_t);
template void conv2d_pooled_backward_data(const double*, const std::uint8_t*, const double*,
                                          double*, bool, const WindowGeometry&, std::int64_t);
template void conv2d_pooled_backward_weight(const float*, const float*, const std::uint8_t*, float*,
                                            bool, const WindowGeometry&, std::int64_t);
template void conv2d_pooled_backward_weight(const double*, const double*, const std::uint8_t*,
                                            double*, bool, const WindowGeometry&, std::int64_t);

}  // namespace weft::cpu
