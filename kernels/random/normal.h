#pragma once

#include <cstdint>

#include "weft/philox.h"
#include "weft/stream.h"

namespace weft::kernels {

/// x[i] = mean + deviation z_i for x [size] and Philox's normal numbers z_i, |z_i| < 5.8.
void normal(float mean, float deviation, RandomKey key, float* x, std::int64_t size,
            StreamView stream);

}  // namespace weft::kernels
