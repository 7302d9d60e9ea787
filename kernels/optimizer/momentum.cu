// Stochastic gradient descent with momentum over the arena: v = momentum v + g; w -= lr v, or after
// Nesterov w -= lr (g + momentum v); g = 0; w, g, v [size].
// One flat launch for a whole model, bound by memory: 16 bytes at a time.
// Source: Sutskever et al., On the importance of initialization and momentum in deep learning (ICML 2013).

#include "kernels/optimizer/momentum.h"

#include "kernels/primitives/index.cuh"
#include "kernels/primitives/vector.cuh"

namespace weft::kernels {
namespace {

constexpr int kThreads = 256;
constexpr int kQuad = 4;  // floats of a thread
static_assert(kQuad * sizeof(float) == 16);

__global__ void __launch_bounds__(kThreads)
    sgd_momentum_flat_kernel(float lr, float momentum, bool nesterov,
                             float* values,      // [size]
                             float* gradients,   // [size]
                             float* velocities,  // [size]
                             std::int64_t size, bool aligned) {
  const std::int64_t i = grid_thread() * kQuad;
  const bool whole = aligned && i + kQuad <= size;
  const float4 gradient = load_quad(gradients, i, size, whole, 0.0f);
  float4 velocity = load_quad(velocities, i, size, whole, 0.0f);
  float4 value = load_quad(values, i, size, whole, 0.0f);
  const auto update = [&](float g, float& v, float& w) {
    v = momentum * v + g;
    w -= lr * (nesterov ? g + momentum * v : v);
  };
  update(gradient.x, velocity.x, value.x);
  update(gradient.y, velocity.y, value.y);
  update(gradient.z, velocity.z, value.z);
  update(gradient.w, velocity.w, value.w);
  store_quad(values, i, size, whole, value);
  store_quad(velocities, i, size, whole, velocity);
  store_quad(gradients, i, size, whole, make_float4(0.0f, 0.0f, 0.0f, 0.0f));
}

}  // namespace

void sgd_momentum(float lr, float momentum, bool nesterov, float* values, float* gradients,
                  float* velocities, std::int64_t size, StreamView stream) {
  if (size == 0) return;
  launch(sgd_momentum_flat_kernel,
         {.grid = blocks_for(size, std::int64_t{kThreads} * kQuad), .block = kThreads}, stream, lr,
         momentum, nesterov, values, gradients, velocities, size,
         are_aligned16(values, gradients, velocities));
}

}  // namespace weft::kernels
