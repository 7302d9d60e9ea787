// A row of the matrix is r runs of s c numbers. Without dilation a run is contiguous in x but for the padding at
// its ends, and moves as one.

#include "src/cpu/im2col.h"

#include <algorithm>

#include "src/cpu/parallel.h"

namespace weft::cpu {
namespace {

/// Calls run(numbers of a row, start in x or -1, length) for the runs of contiguous pixels that rows first ..
/// first + count - 1 consist of, in order; -1 stands for padding.
template <class Run>
void for_each_run(const WindowGeometry& g, std::int64_t first, std::int64_t count, Run run) {
  const std::int64_t c = g.c;
  for (std::int64_t place = first; place < first + count; ++place) {
    const std::int64_t q = place % g.q, p = place / g.q % g.p, n = place / g.q / g.p;
    const std::int64_t w0 = q * g.stride_w - g.pad_w;
    for (std::int64_t i = 0; i < g.r; ++i) {
      const std::int64_t h = p * g.stride_h - g.pad_h + i * g.dilation_h;
      if (h < 0 || h >= g.h) {
        run(-1, g.s * c);
        continue;
      }
      const std::int64_t row = (n * g.h + h) * g.w;
      if (g.dilation_w == 1) {
        const std::int64_t left = std::clamp<std::int64_t>(-w0, 0, g.s);
        const std::int64_t right = std::clamp<std::int64_t>(g.w - w0, left, g.s);
        if (left > 0) run(-1, left * c);
        if (right > left) run((row + w0 + left) * c, (right - left) * c);
        if (g.s > right) run(-1, (g.s - right) * c);
      } else {
        for (std::int64_t j = 0; j < g.s; ++j) {
          const std::int64_t w = w0 + j * g.dilation_w;
          run(w < 0 || w >= g.w ? -1 : (row + w) * c, c);
        }
      }
    }
  }
}

}  // namespace

template <class T>
void im2col_rows(const T* x, T* columns, const WindowGeometry& g, std::int64_t first,
                 std::int64_t count) {
  for_each_run(g, first, count, [&](std::int64_t start, std::int64_t length) {
    if (start < 0)
      for (std::int64_t i = 0; i < length; ++i) columns[i] = 0;
    else
      for (std::int64_t i = 0; i < length; ++i) columns[i] = x[start + i];
    columns += length;
  });
}

template <class T>
void col2im_rows(const T* columns, T* dx, const WindowGeometry& g, std::int64_t first,
                 std::int64_t count) {
  for_each_run(g, first, count, [&](std::int64_t start, std::int64_t length) {
    if (start >= 0)
      for (std::int64_t i = 0; i < length; ++i) dx[start + i] += columns[i];
    columns += length;
  });
}

template <class T>
void im2col(const T* x, T* columns, const WindowGeometry& g) {
  const std::int64_t rows = std::int64_t{g.n} * g.p, length = std::int64_t{g.r} * g.s * g.c;
  parallel_for(rows, rows * g.q * length, [&](std::int64_t row) {
    im2col_rows(x, columns + row * g.q * length, g, row * g.q, g.q);
  });
}

template <class T>
void col2im(const T* columns, T* dx, bool add, const WindowGeometry& g) {
  const std::int64_t places = std::int64_t{g.p} * g.q, length = std::int64_t{g.r} * g.s * g.c;
  const std::int64_t of_image = std::int64_t{g.h} * g.w * g.c;
  parallel_for(g.n, g.n * places * length, [&](std::int64_t n) {
    if (!add) std::fill_n(dx + n * of_image, of_image, T(0));
    col2im_rows(columns + n * places * length, dx, g, n * places, places);
  });
}

template void im2col(const float*, float*, const WindowGeometry&);
template void im2col(const double*, double*, const WindowGeometry&);
template void im2col_rows(const float*, float*, const WindowGeometry&, std::int64_t, std::int64_t);
template void im2col_rows(const double*, double*, const WindowGeometry&, std::int64_t,
                          std::int64_t);
template void col2im(const float*, float*, bool, const WindowGeometry&);
template void col2im(const double*, double*, bool, const WindowGeometry&);
template void col2im_rows(const float*, float*, const WindowGeometry&, std::int64_t, std::int64_t);
template void col2im_rows(const double*, double*, const WindowGeometry&, std::int64_t,
                          std::int64_t);

}  // namespace weft::cpu
