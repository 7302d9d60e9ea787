#pragma once

#include <cstdint>
#include <vector>

#include "src/cpu/parallel.h"
#include "weft/window.h"

namespace weft::cpu {

/// Whole rows of the map of one image.
struct Band {
  std::int64_t image, first, rows;
};

/// The way of a convolution with k outputs over its map [n, p, q]: by bands whose pixels stay in a cache, which the threads
/// share. Their pixels are copied with the padding around them, and then tap t of a band's place i is number
/// places[i] + taps[t] of the copy, inside the image or not.
struct WindowBands {
  WindowGeometry g;
  std::int64_t rows_of_band;     // even, but for a map of one row
  std::int64_t of_image, count;  // bands, and of all images together
  std::int64_t row_length;       // numbers of a row of the copy
  std::vector<std::int64_t> places, taps;

  WindowBands(const WindowGeometry& geometry, std::int64_t k);

  Band band(std::int64_t index) const;
  std::int64_t pixel_rows(std::int64_t rows) const {  // that `rows` rows of places see
    return (rows - 1) * g.stride_h + (std::int64_t{g.r} - 1) * g.dilation_h + 1;
  }
  std::int64_t pixels() const { return pixel_rows(rows_of_band) * row_length; }
  /// Multiplications of the whole convolution, for parallel_for.
  std::int64_t work(std::int64_t k) const;
};

/// The pixels of x [n, h, w, c] that a band sees, and zeros in the padding: pixels [pixel rows, row_length].
template <class T>
void copy_pixels(const T* x, const WindowBands& bands, const Band& band, T* pixels);

/// The way back: x += pixels, but for those of the padding.
template <class T>
void add_pixels(const T* pixels, const WindowBands& bands, const Band& band, T* x);

}  // namespace weft::cpu
