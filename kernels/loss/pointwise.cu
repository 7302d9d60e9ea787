// mean_loss = mean over i of loss(x[i], t[i]) and dx[i] = loss'(x[i], t[i]) / size, for x, t, dx [size]:
// squared error and the two forms of binary cross-entropy, formulas at each struct.
// One pass: x and t are read once for both. A block sums a fixed stretch of elements in a fixed tree, and
// one more block sums the blocks' sums, so the same input gives the same bits. Up to one stretch, one
// launch does it all.

#include "kernels/loss/pointwise.h"

#include "kernels/primitives/index.cuh"
#include "kernels/primitives/reduce.cuh"
#include "kernels/primitives/vector.cuh"

namespace weft::kernels {
namespace {

constexpr int kThreads = 256;
constexpr int kQuad = 4;   // neighbours, 16 bytes of each array
constexpr int kQuads = 4;  // of a thread
constexpr std::int64_t kStretch = std::int64_t{kThreads} * kQuads * kQuad;

struct SquaredError {
  __device__ static float loss(float x, float t) { return (x - t) * (x - t); }
  __device__ static float gradient(float x, float t) { return 2.0f * (x - t); }
};

struct BinaryCrossEntropy {
  static constexpr float kLeastLog = -100.0f;      // PyTorch's: p = 0 and p = 1 stay finite
  static constexpr float kLeastVariance = 1e-12f;  // likewise, of the gradient's p (1 - p)
  __device__ static float cut(float log) { return log < kLeastLog ? kLeastLog : log; }
  __device__ static float loss(float p, float t) {
    return -(t * cut(logf(p)) + (1.0f - t) * cut(log1pf(-p)));
  }
  __device__ static float gradient(float p, float t) {
    return (p - t) / fmaxf(p * (1.0f - p), kLeastVariance);
  }
};

struct BinaryCrossEntropyWithLogits {
  __device__ static float loss(float x, float t) {
    return (x > 0.0f ? x : 0.0f) - x * t + log1pf(expf(-fabsf(x)));
  }
  __device__ static float gradient(float x, float t) {
    const float e = expf(-fabsf(x));
    return (x < 0.0f ? e : 1.0f) / (1.0f + e) - t;
  }
};

template <class Loss>
__global__ void __launch_bounds__(kThreads)
    pointwise_loss_stretch_kernel(const float* x,  // [size]
                                  const float* t,  // [size]
                                  float* sums,     // [blocks]
                                  float* dx,       // [size] or null
                                  std::int64_t size, float scale, bool aligned) {
  const std::int64_t begin = blockIdx.x * kStretch + static_cast<std::int64_t>(threadIdx.x) * kQuad;
  float sum = 0;
  WEFT_UNROLL
  for (int q = 0; q < kQuads; ++q) {
    const std::int64_t i = begin + q * kThreads * kQuad;
    const bool whole = aligned && i + kQuad <= size;
    const float4 of_x = load_quad(x, i, size, whole, 0.0f),
                 of_t = load_quad(t, i, size, whole, 0.0f);
    const float xs[kQuad] = {of_x.x, of_x.y, of_x.z, of_x.w};
    const float ts[kQuad] = {of_t.x, of_t.y, of_t.z, of_t.w};
    float gradients[kQuad];
    WEFT_UNROLL
    for (int k = 0; k < kQuad; ++k) {
      sum += i + k < size ? Loss::loss(xs[k], ts[k]) : 0.0f;
      gradients[k] = scale * Loss::gradient(xs[k], ts[k]);
    }
    if (dx != nullptr)
      store_quad(dx, i, size, whole,
                 make_float4(gradients[0], gradients[1], gradients[2], gradients[3]));
  }
  sum = block_sum(sum);
  if (threadIdx.x == 0) sums[blockIdx.x] = gridDim.x == 1 ? scale * sum : sum;
}

__global__ void __launch_bounds__(kThreads)
    pointwise_loss_mean_kernel(const float* sums,  // [count]
                               float* mean_loss,   // [1]
                               std::int64_t count, float scale) {
  float sum = 0;
  for (std::int64_t i = threadIdx.x; i < count; i += kThreads) sum += sums[i];
  sum = block_sum(sum);
  if (threadIdx.x == 0) mean_loss[0] = scale * sum;
}

template <class Loss>
void pointwise_loss(const float* x, const float* t, float* workspace, float* mean_loss, float* dx,
                    std::int64_t size, StreamView stream) {
  const unsigned blocks = blocks_for(size, kStretch);
  const float scale = 1.0f / static_cast<float>(size);
  launch(pointwise_loss_stretch_kernel<Loss>, {.grid = blocks, .block = kThreads}, stream, x, t,
         blocks == 1 ? mean_loss : workspace, dx, size, scale, are_aligned16(x, t, dx));
  if (blocks > 1)
    launch(pointwise_loss_mean_kernel, {.grid = 1, .block = kThreads}, stream, workspace, mean_loss,
           blocks, scale);
}

}  // namespace

std::int64_t pointwise_loss_blocks(std::int64_t size) { return ceil_div(size, kStretch); }

void mse_loss(const float* x, const float* t, float* workspace, float* mean_loss, float* dx,
              std::int64_t size, StreamView stream) {
  pointwise_loss<SquaredError>(x, t, workspace, mean_loss, dx, size, stream);
}

void binary_cross_entropy(const float* x, const float* t, float* workspace, float* mean_loss,
                          float* dx, std::int64_t size, StreamView stream) {
  pointwise_loss<BinaryCrossEntropy>(x, t, workspace, mean_loss, dx, size, stream);
}

void binary_cross_entropy_with_logits(const float* x, const float* t, float* workspace,
                                      float* mean_loss, float* dx, std::int64_t size,
                                      StreamView stream) {
  pointwise_loss<BinaryCrossEntropyWithLogits>(x, t, workspace, mean_loss, dx, size, stream);
}

}  // namespace weft::kernels
