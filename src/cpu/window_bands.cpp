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

/// Columns begin .. end - 1 of the copy lie inside the image. A pad may be negative: then some of it is not seen.
struct Inside {
  std::int64_t begin, end;

  Inside(const WindowBands& bands) {
    const std::int64_t columns = bands.g.c == 0 ? 0 : bands.row_length / bands.g.c;
    begin = std::clamp<std::int64_t>(bands.g.pad_w, 0, columns);
    end = std::clamp<std::int64_t>(std::int64_t{bands.g.w} + bands.g.pad_w, begin, columns);
  }
};

/// The row of x that a row of a band's copy is from, or -1.
std::int64_t row_of_image(const WindowBands& bands, const Band& band, std::int64_t row) {
  const std::int64_t h = band.first * bands.g.stride_h - bands.g.pad_h + row;
  return h < 0 || h >= bands.g.h ? -1 : band.image * bands.g.h + h;
}

}  // namespace

WindowBands::WindowBands(const WindowGeometry& geometry, std::int64_t k) : g(geometry) {
  const std::int64_t columns =
      (std::int64_t{g.q} - 1) * g.stride_w + (std::int64_t{g.s} - 1) * g.dilation_w + 1;
  row_length = columns * g.c;
  rows_of_band = even_rows(g.p, std::max(row_length * g.stride_h, g.q * k));
  of_image = g.p == 0 ? 0 : (g.p + rows_of_band - 1) / rows_of_band;
  count = g.n * of_image;
  for (std::int64_t p = 0; p < rows_of_band; ++p)
    for (std::int64_t q = 0; q < g.q; ++q)
      places.push_back(p * g.stride_h * row_length + q * g.stride_w * g.c);
  for (std::int64_t i = 0; i < g.r; ++i)
    for (std::int64_t j = 0; j < g.s; ++j)
      for (std::int64_t c = 0; c < g.c; ++c)
        taps.push_back(i * g.dilation_h * row_length + j * g.dilation_w * g.c + c);
}

Band WindowBands::band(std::int64_t index) const {
  const std::int64_t first = index % of_image * rows_of_band;
  return {index / of_image, first, std::min(rows_of_band, g.p - first)};
}

std::int64_t WindowBands::work(std::int64_t k) const {
  return std::int64_t{g.n} * g.p * g.q * k * static_cast<std::int64_t>(taps.size());
}

template <class T>
void copy_pixels(const T* x, const WindowBands& bands, const Band& band, T* pixels) {
  const WindowGeometry& g = bands.g;
  const Inside inside(bands);
  for (std::int64_t row = 0; row < bands.pixel_rows(band.rows); ++row) {
    T* const to = pixels + row * bands.row_length;
    const std::int64_t from = row_of_image(bands, band, row);
    if (from < 0) {
      std::fill_n(to, bands.row_length, T(0));
      continue;
    }
    std::fill(to, to + inside.begin * g.c, T(0));
    std::copy_n(x + (from * g.w + inside.begin - g.pad_w) * g.c, (inside.end - inside.begin) * g.c,
                to + inside.begin * g.c);
    std::fill(to + inside.end * g.c, to + bands.row_length, T(0));
  }
}

template <class T>
void add_pixels(const T* pixels, const WindowBands& bands, const Band& band, T* x) {
  const WindowGeometry& g = bands.g;
  const Inside inside(bands);
  for (std::int64_t row = 0; row < bands.pixel_rows(band.rows); ++row) {
    const std::int64_t to = row_of_image(bands, band, row);
    if (to < 0) continue;
    const T* const from = pixels + row * bands.row_length + inside.begin * g.c;
    T* const pixels_of_x = x + (to * g.w + inside.begin - g.pad_w) * g.c;
    for (std::int64_t i = 0; i < (inside.end - inside.begin) * g.c; ++i) pixels_of_x[i] += from[i];
  }
}

template void copy_pixels(const float*, const WindowBands&, const Band&, float*);
template void copy_pixels(const double*, const WindowBands&, const Band&, double*);
template void add_pixels(const float*, const WindowBands&, const Band&, float*);
template void add_pixels(const double*, const WindowBands&, const Band&, double*);

}  // namespace weft::cpu
