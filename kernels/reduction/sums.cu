// Row sums y[r] (+)= sum over c of x[r, c], and column sums y[c] (+)= sum over r of x[r, c]; x [rows,
// cols] row-major. And their gradients, which spread a vector over the rows or columns.
// Rows: a few threads, a warp or a block a row, by its length. Columns: a block takes a strip of them and
// walks down all the rows, many rows at a time, and adds its partial sums in a tree in shared memory:
// no atomics, no workspace, and every load of a warp is made of whole 32-byte sectors.

#include "kernels/primitives/flat.cuh"
#include "kernels/primitives/reduce.cuh"
#include "kernels/primitives/row.cuh"
#include "kernels/reduction/reduction.h"

namespace weft::kernels {
namespace {

template <class Shape>
__global__ void __launch_bounds__(Shape::kBlock)
    row_sums_kernel(const float* x,  // [rows, cols]
                    float* y,        // [rows]
                    bool add, std::int64_t rows, std::int64_t cols, bool aligned) {
  const RowPlace<Shape> place(rows, cols);
  float sum = 0;
  for (std::int64_t first = 0; first < place.cols; first += Shape::kColumns) {
    float values[Shape::kValues];
    load_row<Shape>(values, x + place.row * cols, place, first, aligned, 0.0f);
    WEFT_UNROLL
    for (const float value : values) sum += value;
  }
  sum = threads_reduce<Shape::kThreads>(sum, 0.0f, Add{});
  if (place.thread == 0 && place.row < rows) y[place.row] = add ? y[place.row] + sum : sum;
}

/// A strip of kCols columns, kRows rows at a time.
template <int kCols, int kRows>
__global__ void __launch_bounds__(kCols* kRows)
    column_sums_strip_kernel(const float* x,  // [rows, cols]
                             float* y,        // [cols]
                             bool add, std::int64_t rows, std::int64_t cols) {
  static_assert((kRows & (kRows - 1)) == 0 && kCols * kRows <= kMaxBlock);
  constexpr int kLoads = 8;  // rows of a thread in flight
  WEFT_SHARED(float, partials, [kRows][kCols]);
  const int column_of_strip = static_cast<int>(threadIdx.x) % kCols;
  const int first_row = static_cast<int>(threadIdx.x) / kCols;
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.x) * kCols + column_of_strip;

  float sum = 0;
  for (std::int64_t row = first_row; row < rows; row += kLoads * kRows) {
    float values[kLoads];
    WEFT_UNROLL
    for (int i = 0; i < kLoads; ++i) {
      const std::int64_t r = row + i * kRows;
      values[i] = r < rows && column < cols ? x[r * cols + column] : 0.0f;
    }
    WEFT_UNROLL
    for (const float value : values) sum += value;
  }
  partials[first_row][column_of_strip] = sum;
  WEFT_UNROLL
  for (int half = kRows / 2; half > 0; half /= 2) {
    __syncthreads();  // the sums of the last round are written
    if (first_row < half)
      partials[first_row][column_of_strip] += partials[first_row + half][column_of_strip];
  }
  if (first_row == 0 && column < cols) {
    const float total = partials[0][column_of_strip];
    y[column] = add ? y[column] + total : total;
  }
}

template <bool kByRow>
__global__ void __launch_bounds__(kFlatThreads)
    spread_flat_kernel(const float* dy,  // [rows] or [cols]
                       float* dx,        // [rows, cols], size elements
                       bool add, std::int64_t size, std::int64_t cols, bool aligned) {
  write_elements(dx, add, size, cols, aligned,
                 [=](std::int64_t row, std::int64_t column) { return dy[kByRow ? row : column]; });
}

template <bool kByRow>
void spread(const float* dy, float* dx, bool add, std::int64_t rows, std::int64_t cols,
            StreamView stream) {
  const std::int64_t size = rows * cols;
  if (size == 0) return;
  launch(spread_flat_kernel<kByRow>, flat_launch(size), stream, dy, dx, add, size, cols,
         are_aligned16(dx));
}

}  // namespace

void row_sums(const float* x, float* y, bool add, std::int64_t rows, std::int64_t cols,
              StreamView stream) {
  if (rows == 0) return;
  const bool aligned = cols % 4 == 0 && are_aligned16(x);
  with_row_shape(cols, [&]<class Shape>(Shape) {
    launch(row_sums_kernel<Shape>, {.grid = Shape::grid(rows), .block = Shape::kBlock}, stream, x,
           y, add, rows, cols, aligned);
  });
}

void column_sums(const float* x, float* y, bool add, std::int64_t rows, std::int64_t cols,
                 StreamView stream) {
  if (cols == 0) return;
  const auto strips = [&]<int kCols, int kRows>() {
    launch(column_sums_strip_kernel<kCols, kRows>,
           {.grid = blocks_for(cols, kCols), .block = kCols * kRows}, stream, x, y, add, rows,
           cols);
  };
  if (cols >= 8192)
    strips.template operator()<32, 8>();  // strips enough for every multiprocessor: whole lines
  else if (rows <= 1024)
    strips.template operator()<8, 32>();
  else
    strips.template operator()<8, 128>();  // few strips, tall: as many loads in flight as may be
}

void row_sums_backward(const float* dy, float* dx, bool add, std::int64_t rows, std::int64_t cols,
                       StreamView stream) {
  spread<true>(dy, dx, add, rows, cols, stream);
}

void column_sums_backward(const float* dy, float* dx, bool add, std::int64_t rows,
                          std::int64_t cols, StreamView stream) {
  spread<false>(dy, dx, add, rows, cols, stream);
}

}  // namespace weft::kernels
