#pragma once

#include <cstdint>

namespace weft::cpu {

/// values -= lr gradients, then gradients = 0, for both [size].
template <class T>
void sgd(T lr, T* values, T* gradients, std::int64_t size);

/// velocities = momentum velocities + gradients, values -= lr velocities (nesterov: lr (gradients +
/// momentum velocities)), then gradients = 0; all [size].
template <class T>
void sgd_momentum(T lr, T momentum, bool nesterov, T* values, T* gradients, T* velocities,
                  std::int64_t size);

/// m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g², values -= lr m' / (sqrt(v') + epsilon) with m'
/// = m / (1 - beta1^t) and v' = v / (1 - beta2^t), then gradients g = 0; all [size]. step[0] becomes t =
/// step[0] + 1 first.
template <class T>
void adam(double lr, double beta1, double beta2, T epsilon, T* values, T* gradients, T* m, T* v,
          std::int32_t* step, std::int64_t size);

}  // namespace weft::cpu
