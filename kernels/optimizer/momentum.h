#pragma once

#include <cstdint>

#include "weft/stream.h"

namespace weft::kernels {

/// velocities = momentum velocities + gradients, values -= lr velocities (nesterov: lr (gradients +
/// momentum velocities)), then gradients = 0; all [size].
void sgd_momentum(float lr, float momentum, bool nesterov, float* values, float* gradients,
                  float* velocities, std::int64_t size, StreamView stream);

}  // namespace weft::kernels
