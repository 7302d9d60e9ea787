// losses[r] = max + log sum over c of exp(x[r, c] - max) - x[r, labels[r]];  mean_loss = mean of losses
// dlogits[r, c] = (exp(x[r, c] - max) / sum - [c == labels[r]]) / rows;  logits x, dlogits [rows, cols]
// Loss and gradient share one pass: a row stays in registers, its logits are read once and dlogits
// written once. A batch of few short rows fits one block, which then sums up the losses too: one launch
// for all of it. Losses are added in the order of a fixed tree.

#include "kernels/loss/loss.h"

#include "kernels/primitives/row_softmax.cuh"

namespace weft::kernels {
namespace {

using BlockRow = RowShape<1024, 8>;   // the longest row in registers
using BlockTile = RowShape<1024, 4>;  // a tile of a longer one

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
  const MaxSum total = exponentials<Shape>(values);
  if (place.thread == 0 && place.row < rows) losses[place.row] = target.loss(total);
  if (dlogits != nullptr) {
    const float scale = 1.0f / total.sum;
    const int hot = place.value_at(target.label);
    WEFT_UNROLL
    for (int i = 0; i < Shape::kValues; ++i)
      values[i] = (values[i] * scale - (i == hot ? 1.0f : 0.0f)) * target.gradient_scale;
    store_row<Shape>(dlogits + place.row * cols, place, 0, aligned, values);
  }
  if (gridDim.x == 1) {
    __syncthreads();  // every row's loss is written
    store_mean(losses, mean_loss, rows);
  }
}

__global__ void __launch_bounds__(kMaxBlock)
    cross_entropy_online_kernel(const float* logits,         // [rows, cols]
                                const std::int32_t* labels,  // [rows]
                                float* losses,               // [rows]
                                float* dlogits,              // [rows, cols] or null
                                std::int64_t rows, std::int64_t cols, bool aligned) {
  const RowPlace<BlockTile> place(rows, cols);
  const float* row = logits + place.row * cols;
  const Target target(row, labels, place.row, rows, cols);
  const MaxSum total = online_max_sum<BlockTile>(row, place, aligned);
  if (place.thread == 0) losses[place.row] = target.loss(total);
  if (dlogits == nullptr) return;  // no barrier follows
  const float scale = 1.0f / total.sum;
  for (std::int64_t first = 0; first < place.cols; first += BlockTile::kColumns) {
    float values[BlockTile::kValues];
    load_row<BlockTile>(values, row, place, first, aligned, -INFINITY);
    const int hot = place.value_at(target.label - first);
    WEFT_UNROLL
    for (int i = 0; i < BlockTile::kValues; ++i) {
      const float probability = expf(values[i] - total.max) * scale;
      values[i] = (probability - (i == hot ? 1.0f : 0.0f)) * target.gradient_scale;
    }
    store_row<BlockTile>(dlogits + place.row * cols, place, first, aligned, values);
  }
}

__global__ void __launch_bounds__(kMaxBlock) mean_loss_kernel(const float* losses,  // [rows]
                                                              float* mean_loss,     // [1]
                                                              std::int64_t rows) {
  store_mean(losses, mean_loss, rows);
}

}  // namespace

void cross_entropy(const float* logits, const std::int32_t* labels, float* losses, float* mean_loss,
                   float* dlogits, std::int64_t rows, std::int64_t cols, StreamView stream) {
  if (rows == 0) return;
  const bool aligned = cols % 4 == 0 && are_aligned16(logits, dlogits);  // null is
  bool has_mean = false;
  const auto in_registers = [&]<class Shape>(Shape) {
    has_mean = rows <= Shape::kMostRows;
    const unsigned warps = blocks_for(rows * Shape::kThreads, kWarpSize);
    const LaunchShape one_block{.block = warps * kWarpSize};
    const LaunchShape many_blocks{.grid = Shape::grid(rows), .block = Shape::kBlock};
    launch(cross_entropy_registers_kernel<Shape>, has_mean ? one_block : many_blocks, stream,
           logits, labels, losses, mean_loss, dlogits, rows, cols, aligned);
  };
  if (cols <= kLongestRowShape)
    with_row_shape(cols, in_registers);
  else if (cols <= BlockRow::kColumns)
    in_registers(BlockRow{});
  else
    launch(cross_entropy_online_kernel, {.grid = BlockTile::grid(rows), .block = BlockTile::kBlock},
           stream, logits, labels, losses, dlogits, rows, cols, aligned);
  if (!has_mean) launch(mean_loss_kernel, {.block = kMaxBlock}, stream, losses, mean_loss, rows);
}

}  // namespace weft::kernels
