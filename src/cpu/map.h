#pragma once

#include <cstdint>

namespace weft::cpu {

// y = f(x), for x and y [size]; they may be the same array. T is float or double.

/// scale x + shift
template <class T>
void affine(const T* x, T* y, std::int64_t size, T scale, T shift);
/// x / divisor
template <class T>
void divide_by(const T* x, T* y, std::int64_t size, T divisor);
template <class T>
void exp(const T* x, T* y, std::int64_t size);
template <class T>
void log(const T* x, T* y, std::int64_t size);
template <class T>
void sqrt(const T* x, T* y, std::int64_t size);
template <class T>
void square(const T* x, T* y, std::int64_t size);

}  // namespace weft::cpu
