// y = f(x) for arrays of `size` elements: scale x + shift, x / divisor, exp, log, sqrt, square.
// Bound by memory: a thread moves 16 bytes at a time; arrays that do not start on 16 bytes, and the last
// size % 4 elements, go one by one.

#include "kernels/elementwise/map.h"

#include "kernels/primitives/flat.cuh"

namespace weft::kernels {
namespace {

struct Affine {
  float scale, shift;
  __device__ __forceinline__ float operator()(float x) const { return scale * x + shift; }
};
struct DivideBy {
  float divisor;
  __device__ __forceinline__ float operator()(float x) const { return x / divisor; }
};
struct Exp {
  __device__ __forceinline__ float operator()(float x) const { return expf(x); }
};
struct Log {
  __device__ __forceinline__ float operator()(float x) const { return logf(x); }
};
struct Sqrt {
  __device__ __forceinline__ float operator()(float x) const { return sqrtf(x); }
};
struct Square {
  __device__ __forceinline__ float operator()(float x) const { return x * x; }
};

template <class Function>
__global__ void __launch_bounds__(kFlatThreads) map_flat_kernel(Function function,
                                                                const float* x,  // [size]
                                                                float* y,        // [size]
                                                                std::int64_t size, bool aligned) {
  const auto [i, whole] = FlatPlace(size, aligned);
  const float4 quad = load_quad(x, i, size, whole, 1.0f);
  store_quad(y, i, size, whole,
             make_float4(function(quad.x), function(quad.y), function(quad.z), function(quad.w)));
}

template <class Function>
void map(Function function, const float* x, float* y, std::int64_t size, StreamView stream) {
  if (size == 0) return;
  launch(map_flat_kernel<Function>, flat_launch(size), stream, function, x, y, size,
         are_aligned16(x, y));
}

}  // namespace

void affine(const float* x, float* y, std::int64_t size, float scale, float shift,
            StreamView stream) {
  map(Affine{scale, shift}, x, y, size, stream);
}
void divide_by(const float* x, float* y, std::int64_t size, float divisor, StreamView stream) {
  map(DivideBy{divisor}, x, y, size, stream);
}
void exp(const float* x, float* y, std::int64_t size, StreamView stream) {
  map(Exp{}, x, y, size, stream);
}
void log(const float* x, float* y, std::int64_t size, StreamView stream) {
  map(Log{}, x, y, size, stream);
}
void sqrt(const float* x, float* y, std::int64_t size, StreamView stream) {
  map(Sqrt{}, x, y, size, stream);
}
void square(const float* x, float* y, std::int64_t size, StreamView stream) {
  map(Square{}, x, y, size, stream);
}

}  // namespace weft::kernels
