// y = f(x), and backward dx (+)= dy f'(x) for arrays of `size` elements, where f' follows from y alone:
// sigmoid y (1 - y), tanh 1 - y², relu and leaky relu by the sign.
// Bound by memory: a thread moves 16 bytes at a time; arrays that do not start on 16 bytes, and the last
// size % 4 elements, go one by one.

#include "kernels/activation/activation.h"

#include "kernels/primitives/activation.cuh"
#include "kernels/primitives/flat.cuh"

namespace weft::kernels {
namespace {

__global__ void __launch_bounds__(kFlatThreads)
    activation_flat_kernel(const float* x,  // [size]
                           float* y,        // [size]
                           std::int64_t size, Activation activation, float slope, bool aligned) {
  const auto [i, whole] = FlatPlace(size, aligned);
  store_quad(y, i, size, whole, activated(activation, load_quad(x, i, size, whole, 0.0f), slope));
}

__global__ void __launch_bounds__(kFlatThreads)
    activation_backward_flat_kernel(const float* y,   // [size]
                                    const float* dy,  // [size]
                                    float* dx,        // [size]
                                    bool add, std::int64_t size, Activation activation, float slope,
                                    bool aligned) {
  const auto [i, whole] = FlatPlace(size, aligned);
  const float4 result = load_quad(y, i, size, whole, 0.0f);
  const float4 gradient = load_quad(dy, i, size, whole, 0.0f);
  float4 to = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
  if (add) to = load_quad(dx, i, size, whole, 0.0f);
  to.x += gradient.x * activation_derivative(activation, result.x, slope);
  to.y += gradient.y * activation_derivative(activation, result.y, slope);
  to.z += gradient.z * activation_derivative(activation, result.z, slope);
  to.w += gradient.w * activation_derivative(activation, result.w, slope);
  store_quad(dx, i, size, whole, to);
}

}  // namespace

void activation(const float* x, float* y, std::int64_t size, Activation activation, float slope,
                StreamView stream) {
  if (size == 0) return;
  launch(activation_flat_kernel, flat_launch(size), stream, x, y, size, activation, slope,
         are_aligned16(x, y));
}

void activation_backward(const float* y, const float* dy, float* dx, bool add, std::int64_t size,
                         Activation activation, float slope, StreamView stream) {
  if (size == 0) return;
  launch(activation_backward_flat_kernel, flat_launch(size), stream, y, dy, dx, add, size,
         activation, slope, are_aligned16(y, dy, dx));
}

}  // namespace weft::kernels
