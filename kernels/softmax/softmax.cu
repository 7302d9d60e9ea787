// softmax:     y[r, c] = exp(x[r, c] - max) / sum over c of exp(x[r, c] - max);  x, y [rows, cols] row-major
// log_softmax: y[r, c] = x[r, c] - max - log sum over c of exp(x[r, c] - max)
// A row stays on the chip between its sum and its output and crosses the memory bus once each way: up to
// 32,768 columns (log_softmax: 16,384) in registers, more in shared memory. A row that does not fit is cut
// into parts, a block each: one launch for their maxima and sums (online: Milakov and Gimelshein, 2018),
// one that merges these and reads the row again.

#include "kernels/softmax/softmax.h"

#include "kernels/primitives/row_softmax.cuh"

namespace weft::kernels {
namespace {

using BlockTile = RowShape<1024, 4>;  // a tile of a row in shared memory
using PartTile = RowShape<256, 4>;    // a tile of a part
static_assert(kSoftmaxRows.arrays_in_shared == 1 && kLogSoftmaxRows.arrays_in_shared == 1);
static_assert(PartTile::kColumns == kPartTile && PartTile::kThreads >= kMostParts);

/// y as a function of x, for each of the two ops, and the longest row that its kernel has registers for.
struct Probability {
  using LongestRow = RowShape<1024, 8>;
  float max, scale;
  __device__ __forceinline__ explicit Probability(MaxSum row)
      : max(row.max), scale(1.0f / row.sum) {}
  __device__ __forceinline__ float operator()(float x) const { return expf(x - max) * scale; }
};
struct LogProbability {
  using LongestRow = RowShape<1024, 4>;  // x lives on beside the exponentials
  float max, log_sum;
  __device__ __forceinline__ explicit LogProbability(MaxSum row)
      : max(row.max), log_sum(logf(row.sum)) {}
  __device__ __forceinline__ float operator()(float x) const { return (x - max) - log_sum; }
};
static_assert(Probability::LongestRow::kColumns == kSoftmaxRows.in_registers);
static_assert(LogProbability::LongestRow::kColumns == kLogSoftmaxRows.in_registers);

template <class Shape, class Output>
__global__ void __launch_bounds__(Shape::kBlock)
    softmax_registers_kernel(const float* x,  // [rows, cols]
                             float* y,        // [rows, cols]
                             std::int64_t rows, std::int64_t cols, bool aligned) {
  const RowPlace<Shape> place(rows, cols);
  float values[Shape::kValues];
  load_row<Shape>(values, x + place.row * cols, place, 0, aligned, -INFINITY);
  const Output output(max_sum<Shape>(values));
  WEFT_UNROLL
  for (int i = 0; i < Shape::kValues; ++i) values[i] = output(values[i]);
  store_row<Shape>(y + place.row * cols, place, 0, aligned, values);
}

/// The second pass of a row that is not in registers.
template <class Shape, class Output>
__device__ __forceinline__ void store_output(const float* x_row, bool x_aligned, float* y_row,
                                             bool y_aligned, const RowPlace<Shape>& place,
                                             const Output& output) {
  for (std::int64_t first = place.first; first < place.cols; first += Shape::kColumns) {
    float values[Shape::kValues];
    load_row<Shape>(values, x_row, place, first, x_aligned, -INFINITY);
    WEFT_UNROLL
    for (int i = 0; i < Shape::kValues; ++i) values[i] = output(values[i]);
    store_row<Shape>(y_row, place, first, y_aligned, values);
  }
}

template <class Output>
__global__ void __launch_bounds__(BlockTile::kBlock)
    softmax_shared_kernel(const float* x,  // [rows, cols]
                          float* y,        // [rows, cols]
                          std::int64_t rows, std::int64_t cols, bool aligned) {
  WEFT_DYNAMIC_SHARED(float, kept);  // [cols], each quad read by the thread that wrote it
  const RowPlace<BlockTile> place(rows, cols);
  const std::int64_t offset = place.row * cols;
  const Output output(
      online_max_sum<BlockTile>(x + offset, place, aligned,
                                [&](std::int64_t first, const float(&values)[BlockTile::kValues]) {
                                  store_row<BlockTile>(kept, place, first, true, values);
                                }));
  store_output<BlockTile>(kept, true, y + offset, aligned, place, output);
}

__global__ void __launch_bounds__(PartTile::kBlock)
    softmax_partials_kernel(const float* x,    // [rows, cols]
                            MaxSum* partials,  // [rows, parts]
                            std::int64_t cols, int parts, std::int64_t part_cols, bool aligned) {
  const RowPlace<PartTile> place(cols, parts, part_cols);
  const MaxSum part =
      online_max_sum<PartTile>(x + place.row * cols, place, aligned, [](auto&&...) {});
  if (threadIdx.x == 0) partials[blockIdx.x] = part;
}

template <class Output>
__global__ void __launch_bounds__(PartTile::kBlock)
    softmax_parts_kernel(const float* x,          // [rows, cols]
                         const MaxSum* partials,  // [rows, parts]
                         float* y,                // [rows, cols]
                         std::int64_t cols, int parts, std::int64_t part_cols, bool aligned) {
  const RowPlace<PartTile> place(cols, parts, part_cols);
  const std::int64_t offset = place.row * cols;
  const Output output(
      block_reduce_all(partials + place.row * parts, parts, kMaxSumOfNothing, MergeMaxSum{}));
  store_output<PartTile>(x + offset, aligned, y + offset, aligned, place, output);
}

template <class Output>
void launch_rows(const float* x, float* y, float* workspace, std::int64_t rows, std::int64_t cols,
                 RowPlan plan, StreamView stream) {
  if (rows == 0 || cols == 0) return;
  const bool aligned = cols % 4 == 0 && are_aligned16(x, y);
  if (plan.scheme == RowScheme::registers) {
    with_row_shape_up_to<typename Output::LongestRow>(cols, [&]<class Shape>(Shape) {
      launch(softmax_registers_kernel<Shape, Output>,
             {.grid = Shape::grid(rows), .block = Shape::kBlock}, stream, x, y, rows, cols,
             aligned);
    });
  } else if (plan.scheme == RowScheme::shared) {
    launch(softmax_shared_kernel<Output>,
           {.grid = BlockTile::grid(rows),
            .block = BlockTile::kBlock,
            .shared_bytes = row_shared_bytes(1, cols)},
           stream, x, y, rows, cols, aligned);
  } else {
    const int parts = static_cast<int>(row_parts(plan, cols));
    const LaunchShape shape{.grid = blocks_for(rows * parts, 1), .block = PartTile::kBlock};
    auto* const partials = reinterpret_cast<MaxSum*>(workspace);
    launch(softmax_partials_kernel, shape, stream, x, partials, cols, parts, plan.part_cols,
           aligned);
    launch(softmax_parts_kernel<Output>, shape, stream, x, partials, y, cols, parts, plan.part_cols,
           aligned);
  }
}

}  // namespace

void softmax(const float* x, float* y, float* workspace, std::int64_t rows, std::int64_t cols,
             RowPlan plan, StreamView stream) {
  launch_rows<Probability>(x, y, workspace, rows, cols, plan, stream);
}

void log_softmax(const float* x, float* y, float* workspace, std::int64_t rows, std::int64_t cols,
                 RowPlan plan, StreamView stream) {
  launch_rows<LogProbability>(x, y, workspace, rows, cols, plan, stream);
}

}  // namespace weft::kernels
