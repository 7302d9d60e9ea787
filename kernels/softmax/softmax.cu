// y[r, c] = exp(x[r, c] - max) / sum over c of exp(x[r, c] - max);  x, y [rows, cols] row-major
// dx = y (dy - sum over c of dy y)
// A row of up to 32,768 columns stays in the registers of 4 to 1,024 threads and crosses the memory bus
// once each way. A longer one is read twice: maximum and sum in one online pass, then the output.

#include "kernels/softmax/softmax.h"

#include "kernels/primitives/row_softmax.cuh"

namespace weft::kernels {
namespace {

using BlockRow = RowShape<1024, 8>;   // the longest row in registers
using BlockTile = RowShape<1024, 4>;  // a tile of a longer one

template <class Shape>
__global__ void __launch_bounds__(Shape::kBlock)
    softmax_registers_kernel(const float* x,  // [rows, cols]
                             float* y,        // [rows, cols]
                             std::int64_t rows, std::int64_t cols, bool aligned) {
  const RowPlace<Shape> place(rows, cols);
  float values[Shape::kValues];
  load_row<Shape>(values, x + place.row * cols, place, 0, aligned, -INFINITY);
  const MaxSum row = exponentials<Shape>(values);
  const float scale = 1.0f / row.sum;
  WEFT_UNROLL
  for (float& value : values) value *= scale;
  store_row<Shape>(y + place.row * cols, place, 0, aligned, values);
}

__global__ void __launch_bounds__(BlockTile::kBlock)
    softmax_online_kernel(const float* x,  // [rows, cols]
                          float* y,        // [rows, cols]
                          std::int64_t rows, std::int64_t cols, bool aligned) {
  const RowPlace<BlockTile> place(rows, cols);
  const float* x_row = x + place.row * cols;
  const MaxSum row = online_max_sum<BlockTile>(x_row, place, aligned);
  const float scale = 1.0f / row.sum;
  for (std::int64_t first = 0; first < place.cols; first += BlockTile::kColumns) {
    float values[BlockTile::kValues];
    load_row<BlockTile>(values, x_row, place, first, aligned, -INFINITY);
    WEFT_UNROLL
    for (float& value : values) value = expf(value - row.max) * scale;
    store_row<BlockTile>(y + place.row * cols, place, first, aligned, values);
  }
}

/// The sum of dy y over the columns that this thread holds.
template <class Shape>
__device__ __forceinline__ float dot(const float (&y)[Shape::kValues],
                                     const float (&dy)[Shape::kValues]) {
  float sum = 0;
  WEFT_UNROLL
  for (int i = 0; i < Shape::kValues; ++i) sum += dy[i] * y[i];
  return sum;
}

/// Writes y (dy - row_dot), or adds it, and leaves it in dy.
template <class Shape>
__device__ __forceinline__ void store_gradient(float* dx, const RowPlace<Shape>& place,
                                               std::int64_t first, bool aligned, bool add,
                                               const float (&y)[Shape::kValues],
                                               float (&dy)[Shape::kValues], float row_dot) {
  WEFT_UNROLL
  for (int i = 0; i < Shape::kValues; ++i) dy[i] = y[i] * (dy[i] - row_dot);
  if (add) {
    float old[Shape::kValues];
    load_row<Shape>(old, dx, place, first, aligned, 0.0f);
    WEFT_UNROLL
    for (int i = 0; i < Shape::kValues; ++i) dy[i] += old[i];
  }
  store_row<Shape>(dx, place, first, aligned, dy);
}

template <class Shape>
__global__ void __launch_bounds__(Shape::kBlock)
    softmax_backward_registers_kernel(const float* y,   // [rows, cols]
                                      const float* dy,  // [rows, cols]
                                      float* dx,        // [rows, cols]
                                      bool add, std::int64_t rows, std::int64_t cols,
                                      bool aligned) {
  const RowPlace<Shape> place(rows, cols);
  const std::int64_t offset = place.row * cols;
  float y_values[Shape::kValues], dy_values[Shape::kValues];
  load_row<Shape>(y_values, y + offset, place, 0, aligned, 0.0f);
  load_row<Shape>(dy_values, dy + offset, place, 0, aligned, 0.0f);
  const float row_dot =
      threads_reduce<Shape::kThreads>(dot<Shape>(y_values, dy_values), 0.0f, Add{});
  store_gradient<Shape>(dx + offset, place, 0, aligned, add, y_values, dy_values, row_dot);
}

__global__ void __launch_bounds__(BlockTile::kBlock)
    softmax_backward_two_pass_kernel(const float* y,   // [rows, cols]
                                     const float* dy,  // [rows, cols]
                                     float* dx,        // [rows, cols]
                                     bool add, std::int64_t rows, std::int64_t cols, bool aligned) {
  const RowPlace<BlockTile> place(rows, cols);
  const std::int64_t offset = place.row * cols;
  float y_values[BlockTile::kValues], dy_values[BlockTile::kValues];
  float row_dot = 0;
  for (std::int64_t first = 0; first < place.cols; first += BlockTile::kColumns) {
    load_row<BlockTile>(y_values, y + offset, place, first, aligned, 0.0f);
    load_row<BlockTile>(dy_values, dy + offset, place, first, aligned, 0.0f);
    row_dot += dot<BlockTile>(y_values, dy_values);
  }
  row_dot = block_sum(row_dot);
  for (std::int64_t first = 0; first < place.cols; first += BlockTile::kColumns) {
    load_row<BlockTile>(y_values, y + offset, place, first, aligned, 0.0f);
    load_row<BlockTile>(dy_values, dy + offset, place, first, aligned, 0.0f);
    store_gradient<BlockTile>(dx + offset, place, first, aligned, add, y_values, dy_values,
                              row_dot);
  }
}

}  // namespace

void softmax(const float* x, float* y, std::int64_t rows, std::int64_t cols, StreamView stream) {
  if (rows == 0 || cols == 0) return;
  const bool aligned = cols % 4 == 0 && are_aligned16(x, y);
  const auto in_registers = [&]<class Shape>(Shape) {
    launch(softmax_registers_kernel<Shape>, {.grid = Shape::grid(rows), .block = Shape::kBlock},
           stream, x, y, rows, cols, aligned);
  };
  if (cols <= kLongestRowShape)
    with_row_shape(cols, in_registers);
  else if (cols <= BlockRow::kColumns)
    in_registers(BlockRow{});
  else
    launch(softmax_online_kernel, {.grid = BlockTile::grid(rows), .block = BlockTile::kBlock},
           stream, x, y, rows, cols, aligned);
}

void softmax_backward(const float* y, const float* dy, float* dx, bool add, std::int64_t rows,
                      std::int64_t cols, StreamView stream) {
  if (rows == 0 || cols == 0) return;
  const bool aligned = cols % 4 == 0 && are_aligned16(y, dy, dx);
  if (cols > kLongestRowShape)
    launch(softmax_backward_two_pass_kernel,
           {.grid = BlockTile::grid(rows), .block = BlockTile::kBlock}, stream, y, dy, dx, add,
           rows, cols, aligned);
  else
    with_row_shape(cols, [&]<class Shape>(Shape) {
      launch(softmax_backward_registers_kernel<Shape>,
             {.grid = Shape::grid(rows), .block = Shape::kBlock}, stream, y, dy, dx, add, rows,
             cols, aligned);
    });
}

}  // namespace weft::kernels
