#pragma once

#include <cstdint>

namespace weft::cpu {

/// y = min(max(x, low), high), NaN where x is; x and y [size], low <= high. T is float or double.
template <class T>
void clip(const T* x, T* y, std::int64_t size, T low, T high);

/// dx (+)= dy where low <= x <= high, else 0; all [size]. `add` adds to what is there.
template <class T>
void clip_backward(const T* x, const T* dy, T* dx, bool add, std::int64_t size, T low, T high);

}  // namespace weft::cpu
