// Dropout: y[i] (+)= scale x[i] where the upper 24 bits of element i's random word are `dropped` or more, else
// 0; x and y [size]. Element i has word i % 4 of the Philox4x32-10 block with counter (i / 4, draw, step).
// The random number is a function of i, so the backward makes it again and no mask is stored. A thread makes
// one block, four numbers, for one load and one store of 16 bytes; integers are compared, which is the same
// decision in every floating type.
// Sources: Srivastava et al., Dropout (JMLR 2014); Salmon et al., Parallel Random Numbers (SC 2011).

#include "kernels/dropout/dropout.h"

#include "kernels/primitives/flat.cuh"

namespace weft::kernels {
namespace {

static_assert(kQuad == sizeof(RandomWords) / sizeof(std::uint32_t), "a thread makes one block");

/// A choice, not a product with 0: a NaN that is dropped is gone.
__device__ __forceinline__ float kept(float x, std::uint32_t word, std::uint32_t dropped,
                                      float scale) {
  return (word >> 8) >= dropped ? x * scale : 0.0f;
}

__global__ void __launch_bounds__(kFlatThreads)
    dropout_philox_kernel(const float* x,  // [size]
                          float* y,        // [size]
                          bool add, std::int64_t size, std::uint32_t dropped, float scale,
                          RandomKey key, bool aligned) {
  const auto [i, whole] = FlatPlace(size, aligned);
  const float4 quad = load_quad(x, i, size, whole, 0.0f);
  float4 to = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
  if (add) to = load_quad(y, i, size, whole, 0.0f);
  const RandomWords words = random_words(key, static_cast<std::uint64_t>(i / kQuad));
  to.x += kept(quad.x, words.word[0], dropped, scale);
  to.y += kept(quad.y, words.word[1], dropped, scale);
  to.z += kept(quad.z, words.word[2], dropped, scale);
  to.w += kept(quad.w, words.word[3], dropped, scale);
  store_quad(y, i, size, whole, to);
}

}  // namespace

void dropout(const float* x, float* y, bool add, std::int64_t size, std::uint32_t dropped,
             float scale, RandomKey key, StreamView stream) {
  if (size == 0) return;
  launch(dropout_philox_kernel, flat_launch(size), stream, x, y, add, size, dropped, scale, key,
         are_aligned16(x, y));
}

}  // namespace weft::kernels
