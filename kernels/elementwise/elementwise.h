#pragma once

#include <cstdint>

#include "weft/stream.h"

namespace weft::kernels {

/// y += alpha x, for x and y [size]; they may be the same array.
void add_scaled(float alpha, const float* x, float* y, std::int64_t size, StreamView stream);

/// Every x[i] becomes value; for float, std::int32_t and std::uint8_t.
template <class T>
void fill(T value, T* x, std::int64_t size, StreamView stream);

}  // namespace weft::kernels
