#pragma once

#include <cstdint>

#include "weft/stream.h"

namespace weft::kernels {

/// y[n, c] = the mean over the pixels of x [n, pixels, c], of which there is at least one.
void global_avg_pool(const float* x, float* y, std::int64_t n, std::int64_t pixels, int c,
                     StreamView stream);

}  // namespace weft::kernels
