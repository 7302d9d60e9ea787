// Normal random numbers: x[i] = mean + deviation z_i for x [size]. Words 0 and 1 of the Philox4x32-10
// block with counter (i / 4, draw, step), as u and v in [0, 1), give two of them, words 2 and 3 the others:
//   z = sqrt(-2 log(1 - u)) times cos(2 pi v) and sin(2 pi v)
// A thread makes one block, four numbers, and stores them as 16 bytes. sinpi and cospi take the turn as a
// share of pi: no reduction of a large argument.
// Sources: Box and Muller, A Note on the Generation of Random Normal Deviates (1958); Salmon et al. (SC 2011).

#include "kernels/random/normal.h"

#include "kernels/primitives/index.cuh"
#include "kernels/primitives/vector.cuh"

namespace weft::kernels {
namespace {

constexpr int kThreads = 256;
constexpr int kNumbers = 4;  // of a thread: the words of a Philox block
static_assert(kNumbers * sizeof(float) == 16, "a thread stores 16 bytes");

__global__ void __launch_bounds__(kThreads)
    normal_philox_kernel(float mean, float deviation, RandomKey key,
                         float* x,  // [size]
                         std::int64_t size, bool aligned) {
  const std::int64_t block = grid_thread();
  const std::int64_t first = block * kNumbers;
  if (first >= size) return;
  const RandomWords words = random_words(key, static_cast<std::uint64_t>(block));
  float number[kNumbers];
  WEFT_UNROLL
  for (int i = 0; i < kNumbers; i += 2) {
    const float radius = sqrtf(-2.0f * logf(1.0f - unit_interval<float>(words.word[i])));
    const float turn = 2.0f * unit_interval<float>(words.word[i + 1]);
    number[i] = fmaf(deviation, radius * cospif(turn), mean);
    number[i + 1] = fmaf(deviation, radius * sinpif(turn), mean);
  }
  store_quad(x, first, size, aligned && first + kNumbers <= size,
             make_float4(number[0], number[1], number[2], number[3]));
}

}  // namespace

void normal(float mean, float deviation, RandomKey key, float* x, std::int64_t size,
            StreamView stream) {
  if (size == 0) return;
  launch(normal_philox_kernel,
         {.grid = blocks_for(size, std::int64_t{kThreads} * kNumbers), .block = kThreads}, stream,
         mean, deviation, key, x, size, are_aligned16(x));
}

}  // namespace weft::kernels
