// Every pass is a product with the im2col matrix [n p q, r s c], made and used a block of rows at a time.

#include "src/cpu/convolution.h"

#include <algorithm>
#include <vector>

#include "src/cpu/activation.h"
#include "src/cpu/gemm.h"
#include "src/cpu/im2col.h"
#include "src/cpu/max_pool.h"
#include "src/cpu/parallel.h"

namespace weft::cpu {
namespace {

constexpr std::int64_t kBlock = 1 << 15;   // numbers of a block of the matrix: 128 KiB of float
constexpr std::int64_t kMostPartials = 8;  // sums of weight gradients that are made side by side

std::int64_t places_of(const WindowGeometry& g) { return std::int64_t{g.n} * g.p * g.q; }
std::int64_t taps_of(const WindowGeometry& g) { return std::int64_t{g.r} * g.s * g.c; }

/// Memory for a block, kept by each thread from call to call.
template <class T>
T* scratch(std::int64_t size) {
  thread_local std::vector<T> memory;
  if (memory.size() < static_cast<std::size_t>(size)) memory.resize(static_cast<std::size_t>(size));
  return memory.data();
}

std::int64_t rows_of_block(std::int64_t row_length) {
  return std::max<std::int64_t>(1, kBlock / std::max<std::int64_t>(row_length, 1));
}

/// Calls body(first row, rows) for blocks of rows 0 .. rows - 1 of the matrix.
template <class Body>
void for_each_block(std::int64_t rows, std::int64_t row_length, Body body) {
  const std::int64_t of_block = rows_of_block(row_length);
  for (std::int64_t first = 0; first < rows; first += of_block)
    body(first, std::min(of_block, rows - first));
}

}  // namespace

template <class T>
void conv2d(const T* x, const T* weight, const T* bias, T* y, const WindowGeometry& g,
            std::int64_t k, Activation activation, T slope) {
  const std::int64_t places = places_of(g), taps = taps_of(g);
  const std::int64_t of_block = rows_of_block(taps), blocks = (places + of_block - 1) / of_block;
  parallel_for(blocks, places * taps * k, [&](std::int64_t block) {
    const std::int64_t first = block * of_block, rows = std::min(of_block, places - first);
    T* const columns = scratch<T>(rows * taps);
    im2col_rows(x, columns, g, first, rows);
    gemm(columns, weight, bias, y + first * k, rows, k, taps, false, true, T(1), T(0), activation,
         slope);
  });
}

template <class T>
void conv2d_direct(const T* x, const T* weight, const T* bias, T* y, const WindowGeometry& g,
                   std::int64_t k, Activation activation, T slope) {
  const std::int64_t taps = taps_of(g), rows = std::int64_t{g.n} * g.p;
  parallel_for(rows, places_of(g) * taps * k, [&](std::int64_t row) {
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
                          const WindowGeometry& g, std::int64_t k) {
  const std::int64_t taps = taps_of(g), rows_p = g.p / 2, rows_q = g.q / 2;  // of the result
  const std::int64_t rows = g.n * rows_p, of_pair = 2 * std::int64_t{g.q};   // places of two rows
  if (rows == 0 || rows_q == 0 || k == 0) return;
  const std::int64_t of_block = std::min(rows, rows_of_block(of_pair * taps));
  parallel_for(
      (rows + of_block - 1) / of_block, rows * of_pair * taps * k, [&](std::int64_t block) {
        const std::int64_t first = block * of_block, count = std::min(of_block, rows - first);
        T* const columns = scratch<T>(of_block * of_pair * (taps + k));
        T* const map = columns + of_block * of_pair * taps;  // [2 count, q, k]
        for (std::int64_t row = 0; row < count; ++row) {
          const std::int64_t image = (first + row) / rows_p, p = 2 * ((first + row) % rows_p);
          im2col_rows(x, columns + row * of_pair * taps, g, (image * g.p + p) * g.q, of_pair);
        }
        gemm(columns, weight, bias, map, count * of_pair, k, taps, false, true, T(1), T(0),
             Activation::relu, T(0));
        const std::int64_t to = first * rows_q * k;
        const auto narrow = [](std::int64_t extent) { return static_cast<int>(extent); };
        max_pool(map, y + to, argmax + to, squares_over(1, narrow(2 * count), g.q, narrow(k)));
      });
}

template <class T>
void conv2d_backward_data(const T* dy, const T* weight, T* dx, bool add, const WindowGeometry& g,
                          std::int64_t k) {
  const std::int64_t places = std::int64_t{g.p} * g.q, taps = taps_of(g);
  const std::int64_t of_image = std::int64_t{g.h} * g.w * g.c;
  parallel_for(g.n, places_of(g) * taps * k, [&](std::int64_t n) {
    if (!add) std::fill_n(dx + n * of_image, of_image, T(0));
    for_each_block(places, taps, [&](std::int64_t first, std::int64_t rows) {
      const std::int64_t row = n * places + first;
      T* const columns = scratch<T>(rows * taps);
      gemm<T>(dy + row * k, weight, nullptr, columns, rows, taps, k, false, false, T(1), T(0),
              Activation::none, T(0));
      col2im_rows(columns, dx, g, row, rows);
    });
  });
}

template <class T>
void conv2d_backward_weight(const T* x, const T* dy, T* dweight, bool add, const WindowGeometry& g,
                            std::int64_t k) {
  const std::int64_t places = places_of(g), taps = taps_of(g), size = k * taps;
  const std::int64_t parts =
      std::clamp<std::int64_t>(places * taps / kBlock, 1, kMostPartials);  // by the shape alone
  std::vector<T> partials(static_cast<std::size_t>(parts * size));
  parallel_for(parts, places * size, [&](std::int64_t part) {
    const std::int64_t begin = places * part / parts, end = places * (part + 1) / parts;
    for_each_block(end - begin, taps, [&](std::int64_t first, std::int64_t rows) {
      T* const columns = scratch<T>(rows * taps);
      im2col_rows(x, columns, g, begin + first, rows);
      gemm<T>(dy + (begin + first) * k, columns, nullptr, partials.data() + part * size, k, taps,
              rows, true, false, T(1), first == 0 ? T(0) : T(1), Activation::none, T(0));
    });
  });
  for (std::int64_t i = 0; i < size; ++i) {
    T sum = partials[static_cast<std::size_t>(i)];
    for (std::int64_t part = 1; part < parts; ++part)
      sum += partials[static_cast<std::size_t>(part * size + i)];
    dweight[i] = add ? dweight[i] + sum : sum;
  }
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
template void conv2d_backward_data(const float*, const float*, float*, bool, const WindowGeometry&,
                                   std::int64_t);
template void conv2d_backward_data(const double*, const double*, double*, bool,
                                   const WindowGeometry&, std::int64_t);
template void conv2d_backward_weight(const float*, const float*, float*, bool,
                                     const WindowGeometry&, std::int64_t);
template void conv2d_backward_weight(const double*, const double*, double*, bool,
                                     const WindowGeometry&, std::int64_t);

}  // namespace weft::cpu
