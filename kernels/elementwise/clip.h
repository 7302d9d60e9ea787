#pragma once

#include <cstdint>

#include "weft/stream.h"

namespace weft::kernels {

/// y = min(max(x, low), high), NaN where x is; x and y [size], low <= high.
void clip(const float* x, float* y, std::int64_t size, float low, float high, StreamView stream);

/// dx (+)= dy where low <= x <= high, else 0; all [size]. `add` adds to what is there; otherwise dx is not
/// read.
void clip_backward(const float* x, const float* dy, float* dx, bool add, std::int64_t size,
                   float low, float high, StreamView stream);

}  // namespace weft::kernels
