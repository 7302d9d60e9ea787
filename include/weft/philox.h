#pragma once

#include <cstdint>

namespace weft {

/// Names one draw of random numbers. The same key gives the same numbers on every device.
struct RandomKey {
  std::uint64_t seed = 0;
  std::uint32_t draw = 0;  // which draw of a program: a weight matrix, a dropout layer
  std::uint32_t step = 0;  // the training step or epoch, for draws made anew in each
};

}  // namespace weft
