#pragma once

#include <cstdint>

#include "weft/philox.h"
#include "weft/stream.h"

namespace weft::kernels {

/// x[i] = low + u_i (high - low), below high, for x [size] and Philox's 24-bit numbers u_i in [0, 1).
void uniform(float low, float high, RandomKey key, float* x, std::int64_t size, StreamView stream);

}  // namespace weft::kernels
