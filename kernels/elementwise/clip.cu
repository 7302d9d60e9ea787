// y = min(max(x, low), high), and backward dx (+)= dy where low <= x <= high, for arrays of `size` elements.
// A NaN is neither below low nor above high, so it stays, and no gradient passes it.
// Bound by memory: a thread moves 16 bytes at a time; arrays that do not start on 16 bytes, and the last
// size % 4 elements, go one by one.

#include "kernels/elementwise/clip.h"

#include "kernels/primitives/flat.cuh"

namespace weft::kernels {
namespace {

__device__ __forceinline__ float clipped(float x, float low, float high) {
  return x < low ? low : x > high ? high : x;
}
__device__ __forceinline__ float passed(float dy, float x, float low, float high) {
  return x >= low && x <= high ? dy : 0.0f;
}

__global__ void __launch_bounds__(kFlatThreads)
    clip_flat_kernel(const float* x,  // [size]
                     float* y,        // [size]
                     std::int64_t size, float low, float high, bool aligned) {
  const auto [i, whole] = FlatPlace(size, aligned);
  const float4 quad = load_quad(x, i, size, whole, 0.0f);
  store_quad(y, i, size, whole,
             make_float4(clipped(quad.x, low, high), clipped(quad.y, low, high),
                         clipped(quad.z, low, high), clipped(quad.w, low, high)));
}

__global__ void __launch_bounds__(kFlatThreads)
    clip_backward_flat_kernel(const float* x,   // [size]
                              const float* dy,  // [size]
                              float* dx,        // [size]
                              bool add, std::int64_t size, float low, float high, bool aligned) {
  const auto [i, whole] = FlatPlace(size, aligned);
  const float4 quad = load_quad(x, i, size, whole, 0.0f);
  const float4 gradient = load_quad(dy, i, size, whole, 0.0f);
  float4 to = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
  if (add) to = load_quad(dx, i, size, whole, 0.0f);
  to.x += passed(gradient.x, quad.x, low, high);
  to.y += passed(gradient.y, quad.y, low, high);
  to.z += passed(gradient.z, quad.z, low, high);
  to.w += passed(gradient.w, quad.w, low, high);
  store_quad(dx, i, size, whole, to);
}

}  // namespace

void clip(const float* x, float* y, std::int64_t size, float low, float high, StreamView stream) {
  if (size == 0) return;
  launch(clip_flat_kernel, flat_launch(size), stream, x, y, size, low, high, are_aligned16(x, y));
}

void clip_backward(const float* x, const float* dy, float* dx, bool add, std::int64_t size,
                   float low, float high, StreamView stream) {
  if (size == 0) return;
  launch(clip_backward_flat_kernel, flat_launch(size), stream, x, dy, dx, add, size, low, high,
         are_aligned16(x, dy, dx));
}

}  // namespace weft::kernels
