#pragma once

#include <cstdint>

#include "weft/stream.h"

namespace weft::kernels {

/// m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g², values -= lr m' / (sqrt(v') + epsilon) with m'
/// = m / (1 - beta1^t) and v' = v / (1 - beta2^t), then gradients g = 0; all [size]. step[0] becomes t =
/// step[0] + 1 first. corrections [2] is workspace.
void adam(double lr, double beta1, double beta2, float epsilon, float* values, float* gradients,
          float* m, float* v, std::int32_t* step, float* corrections, std::int64_t size,
          StreamView stream);

}  // namespace weft::kernels
