#pragma once

#include <cstdint>

namespace weft::cpu {

/// values -= lr gradients, then gradients = 0, for both [size].
template <class T>
void sgd(T lr, T* values, T* gradients, std::int64_t size);

}  // namespace weft::cpu
