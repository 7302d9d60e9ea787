#pragma once

#include <cstdint>

namespace weft::cpu {

/// norm[0] = the square root of the sum of squares of x [size]. T is float or double; the sum is in double.
template <class T>
void l2_norm(const T* x, T* norm, std::int64_t size);

/// x *= min(1, max_norm / (norm[0] + 1e-6)), for x [size]; a norm of NaN makes it NaN.
template <class T>
void clip_to_norm(T* x, const T* norm, T max_norm, std::int64_t size);

}  // namespace weft::cpu
