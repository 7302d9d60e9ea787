// losses[r] = max + log sum over c of exp(x[r, c] - max) - x[r, labels[r]];  mean_loss = mean of losses
// dlogits[r, c] = (exp(x[r, c] - max) / sum - [c == labels[r]]) / rows;  logits x, dlogits [rows, cols]
// Loss and gradient share one pass: a row stays on the chip, in registers or, from 32,769 columns on, in
// shared memory; its logits are read once and dlogits written once. A row that does not fit is cut into
// parts, a block each, in two launches. A batch of few short rows fits one block, which then sums up the
// losses too: one launch for all of it. Losses are added in the order of a fixed tree.

#include "kernels/loss/loss.h"

#include "kernels/primitives/row_softmax.cuh"

namespace weft::kernels {
namespace {

using BlockRow = RowShape<1024, 8>;   // the longest row in registers
using BlockTile = RowShape<1024, 4>;  // a tile of a row in shared memory
using PartTile = RowShape<256, 4>;    // a tile of a part
static_assert(BlockRow::kColumns == kCrossEntropyRows.in_registers);
static_assert(PartTile::kColumns == kPartTile && PartTile::kThreads >= kMostParts);

/// What a row's threads know beside its logits. Threads past the last row have label -1.
struct Target {
  std::int64_t label;
  float logit;           // at the label; NaN for a label out of range
  float gradient_scale;  // 1 / rows, likewise

  __device__ __forceinline__ Target(const float* row, const std::int32_t* labels,
                                    std::int64_t index, std::int64_t rows, std::int64_t cols) {
    label = index < rows ? labels[index] : -1;
    const bool in_range = label >= 0 && label < cols;
    logit = in_range ? row[label] : NAN;
    gradient_scale = in_range ? 1.0f / static_cast<float>(rows) : NAN;
  }
  __device__ __forceinline__ float loss(MaxSum row) const {
    return logf(row.sum) + (row.max - logit);
  }
};

/// Turns the logits of columns first .. into their gradients.
template <class Shape>
__device__ __forceinline__ void to_gradients(float (&values)[Shape::kValues], MaxSum row,
                                             const Target& target, const RowPlace<Shape>& place,
                                             std::int64_t first) {
  const float scale = 1.0f / row.sum;
  const int hot = place.value_at(target.label - first);
  WEFT_UNROLL
  for (int i = 0; i < Shape::kValues; ++i) {
    const float probability = expf(values[i] - row.max) * scale;
    values[i] = (probability - (i == hot ? 1.0f : 0.0f)) * target.gradient_scale;
  }
}

/// The second pass of a row that is not in registers.
template <class Shape>
__device__ __forceinline__ void store_gradients(const float* row, bool row_aligned, float* dlogits,
                                                bool aligned, MaxSum total, const Target& target,
                                                const RowPlace<Shape>& place) {
  for (std::int64_t first = place.first; first < place.cols; first += Shape::kColumns) {
    float values[Shape::kValues];
    load_row<Shape>(values, row, place, first, row_aligned, -INFINITY);
    to_gradients<Shape>(values, total, target, place, first);
    store_row<Shape>(dlogits, place, first, aligned, values);
  }
}

/// By one whole block, after all its writes to losses.
__device__ __forceinline__ void store_mean(const float* losses, float* mean_loss,
                                           std::int64_t rows) {
  float sum = 0;
  for (std::int64_t r = threadIdx.x; r < rows; r += blockDim.x) sum += losses[r];
  sum = block_sum(sum);
  if (threadIdx.x == 0) *mean_loss = sum / static_cast<float>(rows);
}

template <class Shape>
__global__ void __launch_bounds__(kMaxBlock)
    cross_entropy_registers_kernel(const float* logits,         // [rows, cols]
                                   const std::int32_t* labels,  // [rows]
                                   float* losses,               // [rows]
                                   float* mean_loss,            // [1], by a grid of one block only
                                   float* dlogits,              // [rows, cols] or null
                                   std::int64_t rows, std::int64_t cols, bool aligned) {
  const RowPlace<Shape> place(rows, cols);
  const float* row = logits + place.row * cols;
  const Target target(row, labels, place.row, rows, cols);
  float values[Shape::kValues];
  load_row<Shape>(values, row, place, 0, aligned, -INFINITY);
  const MaxSum total = max_sum<Shape>(values);
  if (place.thread == 0 && place.row < rows) losses[place.row] = target.loss(total);
  if (dlogits != nullptr) {
    to_gradients<Shape>(values, total, target, place, 0);
    store_row<Shape>(dlogits + place.row * cols, place, 0, aligned, values);
  }
  if (gridDim.x == 1) {
    __syncthreads();  // every row's loss is written
    store_mean(losses, mean_loss, rows);
  }
}

__global__ void __launch_bounds__(BlockTile::kBlock)
    cross_entropy_shared_kernel(const float* logits,         // [rows, cols]
                                const std::int32_t* labels,  // [rows]
                                float* losses,               // [rows]
                                float* dlogits,              // [rows, cols] or null
                                std::int64_t rows, std::int64_t cols, bool aligned) {
  WEFT_DYNAMIC_SHARED(float, kept);  // [cols up to whole quads], each read by who wrote it; none
                                     // where there are no dlogits
  const RowPlace<BlockTile> place(rows, cols);
  const float* row = logits + place.row * cols;
  const Target target(row, labels, place.row, rows, cols);
  const MaxSum total = online_max_sum<BlockTile>(
      row, place, aligned, [&](std::int64_t first, const float(&values)[BlockTile::kValues]) {
        if (dlogits != nullptr) store_row<BlockTile>(kept, place, first, true, values);
      });
  if (place.thread == 0) losses[place.row] = target.loss(total);
  if (dlogits != nullptr)
    store_gradients<BlockTile>(kept, true, dlogits + place.row * cols, aligned, total, target,
                               place);
}

__global__ void __launch_bounds__(PartTile::kBlock)
    cross_entropy_partials_kernel(const float* logits,  // [rows, cols]
                                  MaxSum* partials,     // [rows, parts]
                                  std::int64_t cols, int parts, std::int64_t part_cols,
                                  bool aligned) {
  const RowPlace<PartTile> place(cols, parts, part_cols);
  const MaxSum part =
      online_max_sum<PartTile>(logits + place.row * cols, place, aligned, [](auto&&...) {});
  if (threadIdx.x == 0) partials[blockIdx.x] = part;
}

__global__ void __launch_bounds__(PartTile::kBlock)
    cross_entropy_parts_kernel(const float* logits,         // [rows, cols]
                               const std::int32_t* labels,  // [rows]
                               const MaxSum* partials,      // [rows, parts]
                               float* losses,               // [rows]
                               float* dlogits,              // [rows, cols] or null
                               std::int64_t rows, std::int64_t cols, int parts,
                               std::int64_t part_cols, bool aligned) {
  const RowPlace<PartTile> place(cols, parts, part_cols);
  const float* row = logits + place.row * cols;
  const Target target(row, labels, place.row, rows, cols);
  const MaxSum total =
      block_reduce_all(partials + place.row * parts, parts, kMaxSumOfNothing, MergeMaxSum{});
  if (place.first == 0 && place.thread == 0) losses[place.row] = target.loss(total);
  if (dlogits != nullptr)
    store_gradients<PartTile>(row, aligned, dlogits + place.row * cols, aligned, total, target,
                              place);
}

__global__ void __launch_bounds__(kMaxBlock) mean_loss_kernel(const float* losses,  // [rows]
                                                              float* mean_loss,     // [1]
                                                              std::int64_t rows) {
  store_mean(losses, mean_loss, rows);
}

}  // namespace

void cross_entropy(const float* logits, const std::int32_t* labels, float* losses, float* mean_loss,
                   float* dlogits, float* workspace, std::int64_t rows, std::int64_t cols,
                   RowPlan plan, StreamView stream) {
  if (rows == 0) return;
  const bool aligned = cols % 4 == 0 && are_aligned16(logits, dlogits);  // null is
  bool has_mean = false;
  if (plan.scheme == RowScheme::registers) {
    with_row_shape_up_to<BlockRow>(cols, [&]<class Shape>(Shape) {
      has_mean = rows <= Shape::kMostRows;
      const unsigned warps = blocks_for(rows * Shape::kThreads, kWarpSize);
      const LaunchShape one_block{.block = warps * kWarpSize};
      const LaunchShape many_blocks{.grid = Shape::grid(rows), .block = Shape::kBlock};
      launch(cross_entropy_registers_kernel<Shape>, has_mean ? one_block : many_blocks, stream,
             logits, labels, losses, mean_loss, dlogits, rows, cols, aligned);
    });
  } else if (plan.scheme == RowScheme::shared) {
    const std::size_t bytes = row_shared_bytes(kCrossEntropyRows.arrays_in_shared, cols);
    launch(cross_entropy_shared_kernel,
           {.grid = BlockTile::grid(rows),
            .block = BlockTile::kBlock,
            .shared_bytes = dlogits != nullptr ? bytes : 0},
           stream, logits, labels, losses, dlogits, rows, cols, aligned);
  } else {
    const int parts = static_cast<int>(row_parts(plan, cols));
    const LaunchShape shape{.grid = blocks_for(rows * parts, 1), .block = PartTile::kBlock};
    auto* const partials = reinterpret_cast<MaxSum*>(workspace);
    launch(cross_entropy_partials_kernel, shape, stream, logits, partials, cols, parts,
           plan.part_cols, aligned);
    launch(cross_entropy_parts_kernel, shape, stream, logits, labels, partials, losses, dlogits,
           rows, cols, parts, plan.part_cols, aligned);
  }
  if (!has_mean) launch(mean_loss_kernel, {.block = kMaxBlock}, stream, losses, mean_loss, rows);
}

}  // namespace weft::kernels
