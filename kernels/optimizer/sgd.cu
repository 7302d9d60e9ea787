// Stochastic gradient descent over the arena: values -= lr gradients; gradients = 0; both [size].
// All parameters stand in one array and their gradients in another at equal offsets, so one flat launch
// updates a whole model, and clearing the gradients costs no pass of its own. Bound by memory: 16 bytes
// at a time.

#include "kernels/optimizer/sgd.h"

#include "kernels/primitives/index.cuh"
#include "kernels/primitives/vector.cuh"

namespace weft::kernels {
namespace {

constexpr int kThreads = 256;
constexpr int kQuad = 4;  // floats of a thread
static_assert(kQuad * sizeof(float) == 16);

__global__ void __launch_bounds__(kThreads) sgd_flat_kernel(float lr,
                                                            float* values,     // [size]
                                                            float* gradients,  // [size]
                                                            std::int64_t size, bool aligned) {
  const std::int64_t i = grid_thread() * kQuad;
  const bool whole = aligned && i + kQuad <= size;
  const float4 gradient = load_quad(gradients, i, size, whole, 0.0f);
  float4 value = load_quad(values, i, size, whole, 0.0f);
  value.x -= lr * gradient.x;
  value.y -= lr * gradient.y;
  value.z -= lr * gradient.z;
  value.w -= lr * gradient.w;
  store_quad(values, i, size, whole, value);
  store_quad(gradients, i, size, whole, make_float4(0.0f, 0.0f, 0.0f, 0.0f));
}

}  // namespace

void sgd(float lr, float* values, float* gradients, std::int64_t size, StreamView stream) {
  if (size == 0) return;
  launch(sgd_flat_kernel,
         {.grid = blocks_for(size, std::int64_t{kThreads} * kQuad), .block = kThreads}, stream, lr,
         values, gradients, size, are_aligned16(values, gradients));
}

}  // namespace weft::kernels
