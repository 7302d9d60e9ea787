// softmax:     dx = y (dy - sum over c of dy y);     y, dy, dx [rows, cols] row-major
// log_softmax: dx = dy - exp(y) sum over c of dy
// As the forward kernels (softmax.cu): what the output needs again after the sum stays on the chip, up to
// 16,384 columns in registers, more in shared memory; there log_softmax keeps dy only, since its sum does
// not read y. A row that does not fit is cut into parts, a block each, in two launches.

#include "kernels/softmax/softmax_backward.h"

#include <cmath>

#include "kernels/primitives/reduce.cuh"
#include "kernels/primitives/row.cuh"

namespace weft::kernels {
namespace {

using BlockRow = RowShape<1024, 4>;  // the longest row in registers; a tile of one in shared memory
using PartTile = RowShape<256, 4>;   // a tile of a part
static_assert(PartTile::kColumns == kPartTile && PartTile::kThreads >= kMostParts);

/// What is summed over a row, and the gradient with that sum, for each of the two ops.
struct OfSoftmax {
  static constexpr RowLimits kLimits = kSoftmaxBackwardRows;
  static constexpr bool kSumReadsY = true;
  static __device__ __forceinline__ float term(float y, float dy) { return dy * y; }
  static __device__ __forceinline__ float gradient(float y, float dy, float sum) {
    return y * (dy - sum);
  }
};
struct OfLogSoftmax {
  static constexpr RowLimits kLimits = kLogSoftmaxBackwardRows;
  static constexpr bool kSumReadsY = false;
  static __device__ __forceinline__ float term(float, float dy) { return dy; }
  static __device__ __forceinline__ float gradient(float y, float dy, float sum) {
    return dy - expf(y) * sum;
  }
};
/// The sum of the terms of the columns that this thread holds, added to `sum`.
template <class Shape, class Op>
__device__ __forceinline__ float add_terms(float sum, const float (&y)[Shape::kValues],
                                           const float (&dy)[Shape::kValues]) {
  WEFT_UNROLL
  for (int i = 0; i < Shape::kValues; ++i) sum += Op::term(y[i], dy[i]);
  return sum;
}

/// Writes the gradients of a tile, or adds them.
template <class Shape, class Op>
__device__ __forceinline__ void store_gradients(float* dx_row, bool add,
                                                const RowPlace<Shape>& place, std::int64_t first,
                                                bool aligned, const float (&y)[Shape::kValues],
                                                const float (&dy)[Shape::kValues], float sum) {
  float dx[Shape::kValues];
  WEFT_UNROLL
  for (int i = 0; i < Shape::kValues; ++i) dx[i] = Op::gradient(y[i], dy[i], sum);
  if (add) {
    float old[Shape::kValues];
    load_row<Shape>(old, dx_row, place, first, aligned, 0.0f);
    WEFT_UNROLL
    for (int i = 0; i < Shape::kValues; ++i) dx[i] += old[i];
  }
  store_row<Shape>(dx_row, place, first, aligned, dx);
}

template <class Shape, class Op>
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
  const float own = add_terms<Shape, Op>(0, y_values, dy_values);
  const float sum = threads_reduce<Shape::kThreads>(own, 0.0f, Add{});
  store_gradients<Shape, Op>(dx + offset, add, place, 0, aligned, y_values, dy_values, sum);
}

/// The sum over a row, or a part of one, that is not in registers; keep(first, y, dy) gets each tile on the
/// way, y being 0 where the sum does not read it.
template <class Shape, class Op, class Keep>
__device__ __forceinline__ float sum_tiles(const float* y_row, const float* dy_row,
                                           const RowPlace<Shape>& place, bool aligned, Keep keep) {
  float sum = 0;
  for (std::int64_t first = place.first; first < place.cols; first += Shape::kColumns) {
    float y[Shape::kValues] = {}, dy[Shape::kValues];
    if constexpr (Op::kSumReadsY) load_row<Shape>(y, y_row, place, first, aligned, 0.0f);
    load_row<Shape>(dy, dy_row, place, first, aligned, 0.0f);
    keep(first, y, dy);
    sum = add_terms<Shape, Op>(sum, y, dy);
  }
  return threads_reduce<Shape::kThreads>(sum, 0.0f, Add{});
}

template <class Op>
__global__ void __launch_bounds__(BlockRow::kBlock)
    softmax_backward_shared_kernel(const float* y,   // [rows, cols]
                                   const float* dy,  // [rows, cols]
                                   float* dx,        // [rows, cols]
                                   bool add, std::int64_t rows, std::int64_t cols, bool aligned) {
  using Values = const float(&)[BlockRow::kValues];
  WEFT_DYNAMIC_SHARED(float, kept_dy);  // [cols up to whole quads], each read by who wrote it
  float* const kept_y = kept_dy + (cols + 3) / 4 * 4;  // likewise, if the sum reads y
  const RowPlace<BlockRow> place(rows, cols);
  const std::int64_t offset = place.row * cols;
  const float sum =
      sum_tiles<BlockRow, Op>(y + offset, dy + offset, place, aligned,
                              [&](std::int64_t first, Values y_values, Values dy_values) {
                                store_row<BlockRow>(kept_dy, place, first, true, dy_values);
                                if constexpr (Op::kSumReadsY)
                                  store_row<BlockRow>(kept_y, place, first, true, y_values);
                              });
  const float* const y_row = Op::kSumReadsY ? kept_y : y + offset;
  const bool y_aligned = Op::kSumReadsY || aligned;
  for (std::int64_t first = 0; first < place.cols; first += BlockRow::kColumns) {
    float y_values[BlockRow::kValues], dy_values[BlockRow::kValues];
    load_row<BlockRow>(y_values, y_row, place, first, y_aligned, 0.0f);
    load_row<BlockRow>(dy_values, kept_dy, place, first, true, 0.0f);
    store_gradients<BlockRow, Op>(dx + offset, add, place, first, aligned, y_values, dy_values,
                                  sum);
  }
}

template <class Op>
__global__ void __launch_bounds__(PartTile::kBlock)
    softmax_backward_partials_kernel(const float* y,   // [rows, cols]
                                     const float* dy,  // [rows, cols]
                                     float* partials,  // [rows, parts]
                                     std::int64_t cols, int parts, std::int64_t part_cols,
                                     bool aligned) {
  const RowPlace<PartTile> place(cols, parts, part_cols);
  const std::int64_t offset = place.row * cols;
  const float sum =
      sum_tiles<PartTile, Op>(y + offset, dy + offset, place, aligned, [](auto&&...) {});
  if (threadIdx.x == 0) partials[blockIdx.x] = sum;
}

template <class Op>
__global__ void __launch_bounds__(PartTile::kBlock)
    softmax_backward_parts_kernel(const float* y,         // [rows, cols]
                                  const float* dy,        // [rows, cols]
                                  const float* partials,  // [rows, parts]
                                  float* dx,              // [rows, cols]
                                  bool add, std::int64_t cols, int parts, std::int64_t part_cols,
                                  bool aligned) {
  const RowPlace<PartTile> place(cols, parts, part_cols);
  const std::int64_t offset = place.row * cols;
  const float sum = block_reduce_all(partials + place.row * parts, parts, 0.0f, Add{});
  for (std::int64_t first = place.first; first < place.cols; first += PartTile::kColumns) {
    float y_values[PartTile::kValues], dy_values[PartTile::kValues];
    load_row<PartTile>(y_values, y + offset, place, first, aligned, 0.0f);
    load_row<PartTile>(dy_values, dy + offset, place, first, aligned, 0.0f);
    store_gradients<PartTile, Op>(dx + offset, add, place, first, aligned, y_values, dy_values,
                                  sum);
  }
}

template <class Op>
void launch_rows(const float* y, const float* dy, float* dx, bool add, float* workspace,
                 std::int64_t rows, std::int64_t cols, RowPlan plan, StreamView stream) {
  static_assert(Op::kLimits.in_registers == BlockRow::kColumns);
  static_assert(Op::kLimits.arrays_in_shared == (Op::kSumReadsY ? 2 : 1));
  if (rows == 0 || cols == 0) return;
  const bool aligned = cols % 4 == 0 && are_aligned16(y, dy, dx);
  if (plan.scheme == RowScheme::registers) {
    with_row_shape_up_to<BlockRow>(cols, [&]<class Shape>(Shape) {
      launch(softmax_backward_registers_kernel<Shape, Op>,
             {.grid = Shape::grid(rows), .block = Shape::kBlock}, stream, y, dy, dx, add, rows,
             cols, aligned);
    });
  } else if (plan.scheme == RowScheme::shared) {
    launch(softmax_backward_shared_kernel<Op>,
           {.grid = BlockRow::grid(rows),
            .block = BlockRow::kBlock,
            .shared_bytes = row_shared_bytes(Op::kLimits.arrays_in_shared, cols)},
           stream, y, dy, dx, add, rows, cols, aligned);
  } else {
    const int parts = static_cast<int>(row_parts(plan, cols));
    const LaunchShape shape{.grid = blocks_for(rows * parts, 1), .block = PartTile::kBlock};
    launch(softmax_backward_partials_kernel<Op>, shape, stream, y, dy, workspace, cols, parts,
           plan.part_cols, aligned);
    launch(softmax_backward_parts_kernel<Op>, shape, stream, y, dy, workspace, dx, add, cols, parts,
           plan.part_cols, aligned);
  }
}

}  // namespace

void softmax_backward(const float* y, const float* dy, float* dx, bool add, float* workspace,
                      std::int64_t rows, std::int64_t cols, RowPlan plan, StreamView stream) {
  launch_rows<OfSoftmax>(y, dy, dx, add, workspace, rows, cols, plan, stream);
}

void log_softmax_backward(const float* y, const float* dy, float* dx, bool add, float* workspace,
                          std::int64_t rows, std::int64_t cols, RowPlan plan, StreamView stream) {
  launch_rows<OfLogSoftmax>(y, dy, dx, add, workspace, rows, cols, plan, stream);
}

}  // namespace weft::kernels
