// *count += elements i with (scores[i] > threshold) == (targets[i] > 0.5), for scores, targets [size]:
// the right answers of a yes-or-no model. A sum of integers, one atomic a block: the order of the blocks
// does not show. A NaN counts as "no" on either side.

#include "kernels/primitives/index.cuh"
#include "kernels/reduction/reduction.h"

namespace weft::kernels {
namespace {

constexpr int kThreads = 256;

__global__ void __launch_bounds__(kThreads)
    add_correct_by_threshold_kernel(const float* scores,   // [size]
                                    const float* targets,  // [size]
                                    float threshold,
                                    std::int32_t* count,  // [1]
                                    std::int64_t size) {
  const std::int64_t i = grid_thread();
  const bool is_correct = i < size && (scores[i] > threshold) == (targets[i] > 0.5f);
  const int correct = __syncthreads_count(is_correct);  // adds up the block
  if (threadIdx.x == 0 && correct != 0) atomicAdd(count, correct);
}

}  // namespace

void add_correct_by_threshold(const float* scores, const float* targets, float threshold,
                              std::int32_t* count, std::int64_t size, StreamView stream) {
  if (size == 0) return;
  launch(add_correct_by_threshold_kernel, {.grid = blocks_for(size, kThreads), .block = kThreads},
         stream, scores, targets, threshold, count, size);
}

}  // namespace weft::kernels
