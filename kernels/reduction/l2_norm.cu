// norm = sqrt(sum over i of x[i]²) for x [size], and x scaled down to a norm.
// A block sums the squares of a fixed stretch in a fixed tree, one more block the blocks' sums, so the same
// input gives the same bits. The norm stays on the device, where the scaling reads it.

#include "kernels/reduction/l2_norm.h"

#include "kernels/primitives/flat.cuh"
#include "kernels/primitives/reduce.cuh"

namespace weft::kernels {
namespace {

constexpr int kThreads = kFlatThreads;
constexpr int kQuads = 4;  // of a thread: four loads of 16 bytes in flight
constexpr std::int64_t kStretch = kQuads * kFlatBlock;
constexpr float kSmallest = 1e-6f;  // PyTorch's: a norm of 0 divides nothing

__global__ void __launch_bounds__(kThreads)
    l2_norm_stretch_kernel(const float* x,  // [size]
                           float* sums,     // [blocks]
                           std::int64_t size, bool aligned) {
  float4 quads[kQuads];
  WEFT_UNROLL
  for (int q = 0; q < kQuads; ++q) {
    const std::int64_t i =
        static_cast<std::int64_t>(blockIdx.x) * kStretch + (q * kThreads + threadIdx.x) * kQuad;
    quads[q] = load_quad(x, i, size, aligned && i + kQuad <= size, 0.0f);
  }
  float sum = 0;
  WEFT_UNROLL
  for (const float4& quad : quads)
    sum += (quad.x * quad.x + quad.y * quad.y) + (quad.z * quad.z + quad.w * quad.w);
  sum = block_sum(sum);
  if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

__global__ void __launch_bounds__(kThreads) l2_norm_root_kernel(const float* sums,  // [count]
                                                                float* norm,        // [1]
                                                                std::int64_t count) {
  float sum = 0;
  for (std::int64_t i = threadIdx.x; i < count; i += kThreads) sum += sums[i];
  sum = block_sum(sum);
  if (threadIdx.x == 0) norm[0] = sqrtf(sum);
}

__global__ void __launch_bounds__(kThreads)
    clip_to_norm_kernel(float* x,           // [size]
                        const float* norm,  // [1]
                        float max_norm, std::int64_t size, bool aligned) {
  const auto [i, whole] = FlatPlace(size, aligned);
  const float ratio = max_norm / (norm[0] + kSmallest);
  const float factor = ratio > 1.0f ? 1.0f : ratio;  // NaN stays
  const float4 quad = load_quad(x, i, size, whole, 0.0f);
  store_quad(x, i, size, whole,
             make_float4(factor * quad.x, factor * quad.y, factor * quad.z, factor * quad.w));
}

}  // namespace

std::int64_t l2_norm_blocks(std::int64_t size) { return ceil_div(size, kStretch); }

void l2_norm(const float* x, float* workspace, float* norm, std::int64_t size, StreamView stream) {
  const std::int64_t blocks = l2_norm_blocks(size);
  if (blocks > 0)
    launch(l2_norm_stretch_kernel, {.grid = blocks_for(size, kStretch), .block = kThreads}, stream,
           x, workspace, size, are_aligned16(x));
  launch(l2_norm_root_kernel, {.grid = 1, .block = kThreads}, stream, workspace, norm, blocks);
}

void clip_to_norm(float* x, const float* norm, float max_norm, std::int64_t size,
                  StreamView stream) {
  if (size == 0) return;
  launch(clip_to_norm_kernel, flat_launch(size), stream, x, norm, max_norm, size, are_aligned16(x));
}

}  // namespace weft::kernels
