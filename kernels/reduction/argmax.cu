// indices[r] = the column of the largest x[r, c], the first of equals, the first NaN of any; x [rows, cols]
// row-major. And the rows whose argmax is their label, counted.
// Threads compare (value, column) pairs of their own columns, then exchange them in a fixed tree. The
// count is a sum of integers, one atomic a block: the order of the blocks does not show.

#include "kernels/primitives/row_argmax.cuh"
#include "kernels/reduction/reduction.h"

namespace weft::kernels {
namespace {

template <class Shape>
__global__ void __launch_bounds__(Shape::kBlock)
    argmax_row_kernel(const float* x,         // [rows, cols]
                      std::int32_t* indices,  // [rows]
                      std::int64_t rows, std::int64_t cols, bool aligned) {
  const RowPlace<Shape> place(rows, cols);
  const std::int32_t column = argmax_of_row<Shape>(x + place.row * cols, place, aligned);
  if (place.thread == 0 && place.row < rows) indices[place.row] = column;
}

template <class Shape>
__global__ void __launch_bounds__(Shape::kBlock)
    add_correct_row_kernel(const float* scores,         // [rows, cols]
                           const std::int32_t* labels,  // [rows]
                           std::int32_t* count,         // [1]
                           std::int64_t rows, std::int64_t cols, bool aligned) {
  const RowPlace<Shape> place(rows, cols);
  const std::int32_t column = argmax_of_row<Shape>(scores + place.row * cols, place, aligned);
  const bool is_correct = place.thread == 0 && place.row < rows && labels[place.row] == column;
  const int correct = __syncthreads_count(is_correct);  // adds up the rows of the block
  if (threadIdx.x == 0 && correct != 0) atomicAdd(count, correct);
}

}  // namespace

void argmax(const float* x, std::int32_t* indices, std::int64_t rows, std::int64_t cols,
            StreamView stream) {
  if (rows == 0) return;
  const bool aligned = cols % 4 == 0 && are_aligned16(x);
  with_row_shape(cols, [&]<class Shape>(Shape) {
    launch(argmax_row_kernel<Shape>, {.grid = Shape::grid(rows), .block = Shape::kBlock}, stream, x,
           indices, rows, cols, aligned);
  });
}

void add_correct(const float* scores, const std::int32_t* labels, std::int32_t* count,
                 std::int64_t rows, std::int64_t cols, StreamView stream) {
  if (rows == 0) return;
  const bool aligned = cols % 4 == 0 && are_aligned16(scores);
  with_row_shape(cols, [&]<class Shape>(Shape) {
    launch(add_correct_row_kernel<Shape>, {.grid = Shape::grid(rows), .block = Shape::kBlock},
           stream, scores, labels, count, rows, cols, aligned);
  });
}

}  // namespace weft::kernels
