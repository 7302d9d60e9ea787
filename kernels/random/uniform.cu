// Uniform random numbers: x[i] = low + u_i (high - low) for x [size], where u_i is word i % 4 of the
// Philox4x32-10 block with counter (i / 4, draw, step), scaled to [0, 1) (weft/philox.h).
// A thread makes one block, four numbers, and stores them as 16 bytes: nothing is read, so the
// kernel is as fast as memory takes its stores. One fused multiply-add, on the CPU too: the same bits.
// Source: Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3 (SC 2011).

#include "kernels/random/uniform.h"

#include "kernels/primitives/index.cuh"
#include "kernels/primitives/vector.cuh"

namespace weft::kernels {
namespace {

constexpr int kThreads = 256;
constexpr int kNumbers = 4;  // of a thread: the words of a Philox block
static_assert(kNumbers * sizeof(float) == 16, "a thread stores 16 bytes");

__global__ void __launch_bounds__(kThreads)
    uniform_philox_kernel(float low, float span, float largest, RandomKey key,
                          float* x,  // [size]
                          std::int64_t size, bool aligned) {
  const std::int64_t block = grid_thread();
  const std::int64_t first = block * kNumbers;
  if (first >= size) return;
  const RandomWords words = random_words(key, static_cast<std::uint64_t>(block));
  float number[kNumbers];
  WEFT_UNROLL
  for (int i = 0; i < kNumbers; ++i)
    number[i] = fminf(fmaf(unit_interval<float>(words.word[i]), span, low), largest);
  store_quad(x, first, size, aligned && first + kNumbers <= size,
             make_float4(number[0], number[1], number[2], number[3]));
}

}  // namespace

void uniform(float low, float high, RandomKey key, float* x, std::int64_t size, StreamView stream) {
  if (size == 0) return;
  launch(uniform_philox_kernel,
         {.grid = blocks_for(size, std::int64_t{kThreads} * kNumbers), .block = kThreads}, stream,
         low, high - low, std::nextafter(high, low), key, x, size, are_aligned16(x));
}

}  // namespace weft::kernels
