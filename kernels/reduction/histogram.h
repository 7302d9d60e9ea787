#pragma once

#include <cstdint>

#include "weft/stream.h"

namespace weft::kernels {

/// counts[k] += the x with k = (x - low) * (bins / (high - low)), rounded down, for low <= x <= high; high
/// itself is in the last bin. x [size], counts [bins], bins >= 1, low < high, bins / (high - low) finite.
void histogram(const float* x, std::int32_t* counts, std::int64_t size, std::int32_t bins,
               float low, float high, StreamView stream);

}  // namespace weft::kernels
