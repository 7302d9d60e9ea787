// y[r, c] = x[r, c] - max - log sum over c of exp(x[r, c] - max);  x, y [rows, cols] row-major
// dx = dy - exp(y) sum over c of dy
// 4 to 512 threads take a row, tile by tile: once for its two numbers in one online pass, once for the
// output. A row that is one tile comes from the first-level cache the second time.

#include "kernels/softmax/log_softmax.h"

#include "kernels/primitives/row_softmax.cuh"

namespace weft::kernels {
namespace {

template <class Shape>
__global__ void __launch_bounds__(Shape::kBlock)
    log_softmax_online_kernel(const float* x,  // [rows, cols]
                              float* y,        // [rows, cols]
                              std::int64_t rows, std::int64_t cols, bool aligned) {
  const RowPlace<Shape> place(rows, cols);
  const float* x_row = x + place.row * cols;
  const MaxSum row = online_max_sum<Shape>(x_row, place, aligned);
  const float log_sum = logf(row.sum);
  for (std::int64_t first = 0; first < place.cols; first += Shape::kColumns) {
    float values[Shape::kValues];
    load_row<Shape>(values, x_row, place, first, aligned, -INFINITY);
    WEFT_UNROLL
    for (float& value : values) value = (value - row.max) - log_sum;
    store_row<Shape>(y + place.row * cols, place, first, aligned, values);
  }
}

template <class Shape>
__global__ void __launch_bounds__(Shape::kBlock)
    log_softmax_backward_two_pass_kernel(const float* y,   // [rows, cols]
                                         const float* dy,  // [rows, cols]
                                         float* dx,        // [rows, cols]
                                         bool add, std::int64_t rows, std::int64_t cols,
                                         bool aligned) {
  const RowPlace<Shape> place(rows, cols);
  const std::int64_t offset = place.row * cols;
  float values[Shape::kValues], gradients[Shape::kValues];
  float sum = 0;
  for (std::int64_t first = 0; first < place.cols; first += Shape::kColumns) {
    load_row<Shape>(gradients, dy + offset, place, first, aligned, 0.0f);
    WEFT_UNROLL
    for (const float gradient : gradients) sum += gradient;
  }
  sum = threads_reduce<Shape::kThreads>(sum, 0.0f, Add{});
  for (std::int64_t first = 0; first < place.cols; first += Shape::kColumns) {
    load_row<Shape>(values, y + offset, place, first, aligned, 0.0f);
    load_row<Shape>(gradients, dy + offset, place, first, aligned, 0.0f);
    float old[Shape::kValues] = {};
    if (add) load_row<Shape>(old, dx + offset, place, first, aligned, 0.0f);
    WEFT_UNROLL
    for (int i = 0; i < Shape::kValues; ++i)
      values[i] = old[i] + (gradients[i] - expf(values[i]) * sum);
    store_row<Shape>(dx + offset, place, first, aligned, values);
  }
}

}  // namespace

void log_softmax(const float* x, float* y, std::int64_t rows, std::int64_t cols,
                 StreamView stream) {
  if (rows == 0 || cols == 0) return;
  const bool aligned = cols % 4 == 0 && are_aligned16(x, y);
  with_row_shape(cols, [&]<class Shape>(Shape) {
    launch(log_softmax_online_kernel<Shape>, {.grid = Shape::grid(rows), .block = Shape::kBlock},
           stream, x, y, rows, cols, aligned);
  });
}

void log_softmax_backward(const float* y, const float* dy, float* dx, bool add, std::int64_t rows,
                          std::int64_t cols, StreamView stream) {
  if (rows == 0 || cols == 0) return;
  const bool aligned = cols % 4 == 0 && are_aligned16(y, dy, dx);
  with_row_shape(cols, [&]<class Shape>(Shape) {
    launch(log_softmax_backward_two_pass_kernel<Shape>,
           {.grid = Shape::grid(rows), .block = Shape::kBlock}, stream, y, dy, dx, add, rows, cols,
           aligned);
  });
}

}  // namespace weft::kernels
