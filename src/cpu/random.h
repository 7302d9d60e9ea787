#pragma once

#include <cstdint>

#include "weft/philox.h"

namespace weft::cpu {

/// x[i] = low + u_i (high - low), below high, for x [size] and Philox's 24-bit numbers u_i in [0, 1).
template <class T>
void uniform(T low, T high, RandomKey key, T* x, std::int64_t size);

/// x[i] = mean + deviation z_i for x [size] and Philox's normal numbers z_i, |z_i| < 5.8.
template <class T>
void normal(T mean, T deviation, RandomKey key, T* x, std::int64_t size);

}  // namespace weft::cpu
