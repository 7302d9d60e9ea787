#pragma once

#include <cstdint>

namespace weft::cpu {

/// y += alpha x, for x and y [size]; they may be the same array.
template <class T>
void add_scaled(T alpha, const T* x, T* y, std::int64_t size);

/// Every x[i] becomes value; for float, double, std::int32_t and std::uint8_t.
template <class T>
void fill(T value, T* x, std::int64_t size);

}  // namespace weft::cpu
