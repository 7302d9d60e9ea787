#pragma once

#include <cstdint>

#include "weft/stream.h"

namespace weft::kernels {

/// values -= lr gradients, then gradients = 0, for both [size].
void sgd(float lr, float* values, float* gradients, std::int64_t size, StreamView stream);

}  // namespace weft::kernels
