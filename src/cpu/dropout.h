#pragma once

#include <cstdint>

#include "weft/philox.h"

namespace weft::cpu {

/// y[i] (+)= scale x[i] where the number of element i, in 0..2^24 - 1, is `dropped` or more, else 0; x and y
/// [size]. `add` adds to what is there. T is float or double.
template <class T>
void dropout(const T* x, T* y, bool add, std::int64_t size, std::uint32_t dropped, T scale,
             RandomKey key);

}  // namespace weft::cpu
