// Flat loops over arrays of `size` elements: y += alpha x; x = value.
// Bound by memory: a thread moves 16 bytes at a time (four floats), so that a warp's request covers four
// whole cache lines. Arrays that do not start on 16 bytes, and the last size % 4 elements, go one by one.

#include "kernels/elementwise/elementwise.h"

#include "kernels/primitives/flat.cuh"

namespace weft::kernels {
namespace {

__global__ void __launch_bounds__(kFlatThreads) add_scaled_kernel(float alpha,
                                                                  const float* x,  // [size]
                                                                  float* y,        // [size]
                                                                  std::int64_t size, bool aligned) {
  const auto [i, whole] = FlatPlace(size, aligned);
  const float4 from = load_quad(x, i, size, whole, 0.0f);
  float4 to = load_quad(y, i, size, whole, 0.0f);
  to.x += alpha * from.x;
  to.y += alpha * from.y;
  to.z += alpha * from.z;
  to.w += alpha * from.w;
  store_quad(y, i, size, whole, to);
}

template <class T>
struct alignas(16) Pack {
  static constexpr int kSize = 16 / sizeof(T);
  T value[kSize];
};

template <class T>
__global__ void __launch_bounds__(kFlatThreads) fill_kernel(T value,
                                                            T* x,  // [size]
                                                            std::int64_t size, bool aligned) {
  const std::int64_t i = grid_thread() * Pack<T>::kSize;
  if (aligned && i + Pack<T>::kSize <= size) {
    Pack<T> pack;
    WEFT_UNROLL
    for (int k = 0; k < Pack<T>::kSize; ++k) pack.value[k] = value;
    *reinterpret_cast<Pack<T>*>(x + i) = pack;
  } else {
    for (std::int64_t k = i; k < min(i + Pack<T>::kSize, size); ++k) x[k] = value;
  }
}

}  // namespace

void add_scaled(float alpha, const float* x, float* y, std::int64_t size, StreamView stream) {
  if (size == 0) return;
  launch(add_scaled_kernel, flat_launch(size), stream, alpha, x, y, size, are_aligned16(x, y));
}

template <class T>
void fill(T value, T* x, std::int64_t size, StreamView stream) {
  if (size == 0) return;
  launch(fill_kernel<T>,
         {.grid = blocks_for(size, std::int64_t{kFlatThreads} * Pack<T>::kSize),
          .block = kFlatThreads},
         stream, value, x, size, are_aligned16(x));
}

template void fill<float>(float, float*, std::int64_t, StreamView);
template void fill<std::int32_t>(std::int32_t, std::int32_t*, std::int64_t, StreamView);
template void fill<std::uint8_t>(std::uint8_t, std::uint8_t*, std::int64_t, StreamView);

}  // namespace weft::kernels
