#pragma once

#include <cstdint>

#include "weft/activation.h"
#include "weft/stream.h"

namespace weft::kernels {

/// y = f(x), for x and y [size]; they may be the same array.
void activation(const float* x, float* y, std::int64_t size, Activation activation, float slope,
                StreamView stream);

/// dx (+)= dy f'(x), where y = f(x); all [size]. `add` adds to what is there; otherwise dx is not read.
void activation_backward(const float* y, const float* dy, float* dx, bool add, std::int64_t size,
                         Activation activation, float slope, StreamView stream);

}  // namespace weft::kernels
