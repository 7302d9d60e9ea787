// The row of each column's largest element; one chosen element of each row or column, y; and the gradient
// of that, which is dy at the chosen places and 0 elsewhere. x, dx [rows, cols] row-major.
// Columns: a block takes a strip of them and walks down all the rows, many at a time, then compares in a
// tree in shared memory, as column sums are made. The gradient is written by a pass over all of dx, which
// has to become 0 anyway: no atomics, no scatter.

#include "kernels/reduction/maxima.h"

#include "kernels/primitives/flat.cuh"
#include "kernels/primitives/largest.cuh"

namespace weft::kernels {
namespace {

constexpr int kBlock = 256;
constexpr int kCols = 8;   // of a strip: 32-byte sectors
constexpr int kRows = 32;  // at a time
static_assert(kCols * kRows == kBlock && (kRows & (kRows - 1)) == 0);

__global__ void __launch_bounds__(kBlock)
    column_argmax_strip_kernel(const float* x,        // [rows, cols]
                               std::int32_t* choice,  // [cols]
                               std::int64_t rows, std::int64_t cols) {
  WEFT_SHARED(Candidate, best_of, [kRows][kCols]);
  const int column_of_strip = static_cast<int>(threadIdx.x) % kCols;
  const int first_row = static_cast<int>(threadIdx.x) / kCols;
  const std::int64_t column = static_cast<std::int64_t>(blockIdx.x) * kCols + column_of_strip;
  Candidate best = kNoCandidate;
  if (column < cols)
    for (std::int64_t row = first_row; row < rows; row += kRows)
      best = Better{}(best, {x[row * cols + column], static_cast<std::int32_t>(row)});
  best_of[first_row][column_of_strip] = best;
  WEFT_UNROLL
  for (int half = kRows / 2; half > 0; half /= 2) {
    __syncthreads();  // the winners of the last round are written
    if (first_row < half)
      best_of[first_row][column_of_strip] =
          Better{}(best_of[first_row][column_of_strip], best_of[first_row + half][column_of_strip]);
  }
  if (first_row == 0 && column < cols) choice[column] = best_of[0][column_of_strip].place;
}

template <bool kOfRows>
__global__ void __launch_bounds__(kBlock)
    take_kernel(const float* x,              // [rows, cols]
                const std::int32_t* choice,  // [count]: rows, or cols
                float* y,                    // [count]
                std::int64_t count, std::int64_t cols) {
  const std::int64_t i = grid_thread();
  if (i < count) y[i] = kOfRows ? x[i * cols + choice[i]] : x[choice[i] * cols + i];
}

template <bool kOfRows>
__global__ void __launch_bounds__(kFlatThreads)
    take_backward_flat_kernel(const float* dy,             // [rows], or [cols]
                              const std::int32_t* choice,  // likewise
                              float* dx,                   // [rows, cols], size elements
                              bool add, std::int64_t size, std::int64_t cols, bool aligned) {
  write_elements(dx, add, size, cols, aligned, [=](std::int64_t row, std::int64_t column) {
    const std::int64_t kept = kOfRows ? row : column;
    return choice[kept] == (kOfRows ? column : row) ? dy[kept] : 0.0f;
  });
}

template <bool kOfRows>
void take(const float* x, const std::int32_t* choice, float* y, std::int64_t count,
          std::int64_t cols, StreamView stream) {
  if (count == 0) return;
  launch(take_kernel<kOfRows>, {.grid = blocks_for(count, kBlock), .block = kBlock}, stream, x,
         choice, y, count, cols);
}

template <bool kOfRows>
void take_backward(const float* dy, const std::int32_t* choice, float* dx, bool add,
                   std::int64_t rows, std::int64_t cols, StreamView stream) {
  const std::int64_t size = rows * cols;
  if (size == 0) return;
  launch(take_backward_flat_kernel<kOfRows>, flat_launch(size), stream, dy, choice, dx, add, size,
         cols, are_aligned16(dx));
}

}  // namespace

void column_argmax(const float* x, std::int32_t* choice, std::int64_t rows, std::int64_t cols,
                   StreamView stream) {
  if (cols == 0) return;
  launch(column_argmax_strip_kernel, {.grid = blocks_for(cols, kCols), .block = kBlock}, stream, x,
         choice, rows, cols);
}

void take_of_rows(const float* x, const std::int32_t* choice, float* y, std::int64_t rows,
                  std::int64_t cols, StreamView stream) {
  take<true>(x, choice, y, rows, cols, stream);
}
void take_of_columns(const float* x, const std::int32_t* choice, float* y, std::int64_t,
                     std::int64_t cols, StreamView stream) {
  take<false>(x, choice, y, cols, cols, stream);
}

void take_of_rows_backward(const float* dy, const std::int32_t* choice, float* dx, bool add,
                           std::int64_t rows, std::int64_t cols, StreamView stream) {
  take_backward<true>(dy, choice, dx, add, rows, cols, stream);
}
void take_of_columns_backward(const float* dy, const std::int32_t* choice, float* dx, bool add,
                              std::int64_t rows, std::int64_t cols, StreamView stream) {
  take_backward<false>(dy, choice, dx, add, rows, cols, stream);
}

}  // namespace weft::kernels
