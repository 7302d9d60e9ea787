#pragma once

#include <cstdint>

#include "weft/activation.h"

namespace weft::cpu {

/// y = f(x), for x and y [size]; they may be the same array. T is float or double, here and below.
template <class T>
void activation(const T* x, T* y, std::int64_t size, Activation activation, T slope);

/// dx (+)= dy f'(x), where y = f(x); all [size]. `add` adds to what is there; otherwise dx is not read.
template <class T>
void activation_backward(const T* y, const T* dy, T* dx, bool add, std::int64_t size,
                         Activation activation, T slope);

}  // namespace weft::cpu
