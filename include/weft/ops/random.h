#pragma once

#include "weft/philox.h"
#include "weft/tensor.h"

namespace weft {
/// @addtogroup random
/// @{

/// Hands out the keys of a program's draws in order, so that a seed fixes every number drawn.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : seed_(seed) {}  ///< its first draw is 0
  std::uint64_t seed() const { return seed_; }             ///< of every key
  RandomKey next() { return {seed_, next_draw_++, 0}; }    ///< the next draw's

 private:
  std::uint64_t seed_;
  std::uint32_t next_draw_ = 0;
};

/// Fills x with numbers uniform in [low, high), from Philox4x32-10 (Salmon et al., SC 2011): element i
/// takes word i % 4 of the block with counter (i / 4, draw, step). The same numbers on every device,
/// in float32 and float64 alike (24 random bits). Throws ShapeError for integer tensors or low > high.
void uniform_(Tensor& x, double low, double high, RandomKey key);

/// Fills x with numbers from the normal distribution, by Box and Muller (1958) from the same words: words
/// 0 and 1 of a block give elements 0 and 1, words 2 and 3 the others. The same numbers on every device up
/// to the rounding of log and cos. Throws ShapeError for integer tensors or a negative deviation.
void normal_(Tensor& x, double mean, double deviation, RandomKey key);

/// @}
}  // namespace weft
