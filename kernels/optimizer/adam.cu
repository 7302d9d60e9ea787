// Adam over the arena: m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g²;
// w -= (lr / (1 - beta1^t)) m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon); g = 0; w, g, m, v [size].
// The number of the update t lives on the device, where one thread counts it and works out what depends
// on it alone, in double: 1 - beta2^t of a small t is a small difference. Then one flat launch for a
// whole model, bound by memory: 16 bytes at a time.
// Source: Kingma and Ba, Adam: A Method for Stochastic Optimization (ICLR 2015).

#include "kernels/optimizer/adam.h"

#include "kernels/primitives/index.cuh"
#include "kernels/primitives/vector.cuh"

namespace weft::kernels {
namespace {

constexpr int kThreads = 256;
constexpr int kQuad = 4;  // floats of a thread
static_assert(kQuad * sizeof(float) == 16);

__global__ void adam_count_kernel(double lr, double beta1, double beta2,
                                  std::int32_t* step,    // [1]
                                  float* corrections) {  // [2]: of the step's length, of sqrt(v)
  const std::int32_t t = step[0] + 1;
  step[0] = t;
  corrections[0] = static_cast<float>(lr / (1.0 - pow(beta1, static_cast<double>(t))));
  corrections[1] = static_cast<float>(1.0 / sqrt(1.0 - pow(beta2, static_cast<double>(t))));
}

__global__ void __launch_bounds__(kThreads)
    adam_flat_kernel(float beta1, float rest1, float beta2, float rest2, float epsilon,
                     const float* corrections,  // [2]
                     float* values,             // [size]
                     float* gradients,          // [size]
                     float* m,                  // [size]
                     float* v,                  // [size]
                     std::int64_t size, bool aligned) {
  const std::int64_t i = grid_thread() * kQuad;
  const bool whole = aligned && i + kQuad <= size;
  const float length = corrections[0], spread = corrections[1];
  const float4 gradient = load_quad(gradients, i, size, whole, 0.0f);
  float4 first = load_quad(m, i, size, whole, 0.0f), second = load_quad(v, i, size, whole, 0.0f);
  float4 value = load_quad(values, i, size, whole, 0.0f);
  const auto update = [&](float g, float& m1, float& m2, float& w) {
    m1 = beta1 * m1 + rest1 * g;
    m2 = beta2 * m2 + rest2 * (g * g);
    w -= length * m1 / (sqrtf(m2) * spread + epsilon);
  };
  update(gradient.x, first.x, second.x, value.x);
  update(gradient.y, first.y, second.y, value.y);
  update(gradient.z, first.z, second.z, value.z);
  update(gradient.w, first.w, second.w, value.w);
  store_quad(values, i, size, whole, value);
  store_quad(m, i, size, whole, first);
  store_quad(v, i, size, whole, second);
  store_quad(gradients, i, size, whole, make_float4(0.0f, 0.0f, 0.0f, 0.0f));
}

}  // namespace

void adam(double lr, double beta1, double beta2, float epsilon, float* values, float* gradients,
          float* m, float* v, std::int32_t* step, float* corrections, std::int64_t size,
          StreamView stream) {
  launch(adam_count_kernel, {}, stream, lr, beta1, beta2, step, corrections);
  if (size == 0) return;
  launch(adam_flat_kernel,
         {.grid = blocks_for(size, std::int64_t{kThreads} * kQuad), .block = kThreads}, stream,
         static_cast<float>(beta1), static_cast<float>(1 - beta1), static_cast<float>(beta2),
         static_cast<float>(1 - beta2), epsilon, corrections, values, gradients, m, v, size,
         are_aligned16(values, gradients, m, v));
}

}  // namespace weft::kernels
