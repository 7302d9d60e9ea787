#pragma once

#include <cstdint>

#include "weft/philox.h"
#include "weft/stream.h"

namespace weft::kernels {

/// y[i] (+)= scale x[i] where the number of element i, in 0..2^24 - 1, is `dropped` or more, else 0; x and y
/// [size]. `add` adds to what is there; otherwise y is not read. The backward is the same, of dy.
void dropout(const float* x, float* y, bool add, std::int64_t size, std::uint32_t dropped,
             float scale, RandomKey key, StreamView stream);

}  // namespace weft::kernels
