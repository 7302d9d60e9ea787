#include "src/cpu/window_bands.h"

#include <algorithm>

namespace weft::cpu {
namespace {

constexpr std::int64_t kBand =
    1 << 13;  // numbers of a band's pixels, or of its results: 32 KiB of float

std::int64_t even_rows(std::int64_t map_rows, std::int64_t numbers_of_row) {
  const std::int64_t rows = kBand / std::max<std::int64_t>(numbers_of_row, 1);
  return std::min(map_rows, std::max<std::int64_t>(rows / 2 * 2, 2));
}

std::int64_t bands_of_image(const WindowBands& bands) {
  return bands.g.p == 0 ? 0 : (bands.g.p + bands.rows_of_band - 1) / bands.rows_of_band;
}

}  // namespace

WindowBands::WindowBands(const WindowGeometry& geometry, std::int64_t k) : g(geometry) {
  const std::int64_t columns =
      (std::int64_t{g.q} - 1) * g.stride_w + (std::int64_t{g.s} - 1) * g.dilation_w + 1;
  row_length = columns * g.c;
  rows_of_band = even_rows(g.p, std::max(row_length * g.stride_h, g.q * k));
  count = g.n * bands_of_image(*this);
  for (std::int64_t p = 0; p < rows_of_band; ++p)
    for (std::int64_t q = 0; q < g.q; ++q)
      places.push_back(p * g.stride_h * row_length + q * g.stride_w * g.c);
  for (std::int64_t i = 0; i < g.r; ++i)
    for (std::int64_t j = 0; j < g.s; ++j)
      for (std::int64_t c = 0; c < g.c; ++c)
        taps.push_back(i * g.dilation_h * row_length + j * g.dilation_w * g.c + c);
}

Band WindowBands::band(std::int64_t index) const {
  const std::int64_t of_image = bands_of_image(*this);
  const std::int64_t first = index % of_image * rows_of_band;
  return {index / of_image, first, std::min(rows_of_band, g.p - first)};
}

std::int64_t WindowBands::work(std::int64_t k) const {
  return std::int64_t{g.n} * g.p * g.q * k * static_cast<std::int64_t>(taps.size());
}

template <class T>
void copy_pixels(const T* x, const WindowBands& bands, const Band& band, T* pixels) {
  const WindowGeometry& g = bands.g;
  const std::int64_t columns = g.c == 0 ? 0 : bands.row_length / g.c;
  // Columns left .. right - 1 of the copy lie inside the image. A pad may be negative: then some of it is not seen.
  const std::int64_t left = std::clamp<std::int64_t>(g.pad_w, 0, columns);
  const std::int64_t right = std::clamp<std::int64_t>(std::int64_t{g.w} + g.pad_w, left, columns);
  for (std::int64_t row = 0; row < bands.pixel_rows(band.rows); ++row) {
    T* const to = pixels + row * bands.row_length;
    const std::int64_t h = band.first * g.stride_h - g.pad_h + row;
    if (h < 0 || h >= g.h) {
      std::fill_n(to, bands.row_length, T(0));
      continue;
    }
    const T* const from = x + ((band.image * g.h + h) * g.w + left - g.pad_w) * g.c;
    std::fill(to, to + left * g.c, T(0));
    std::copy_n(from, (right - left) * g.c, to + left * g.c);
    std::fill(to + right * g.c, to + bands.row_length, T(0));
  }
}

template void copy_pixels(const float*, const WindowBands&, const Band&, float*);
template void copy_pixels(const double*, const WindowBands&, const Band&, double*);

}  // namespace weft::cpu
