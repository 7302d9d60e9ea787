#pragma once

#include <cstdint>

namespace weft::cpu {

// The twins of softmax in kernels/softmax/, for float and double.

template <class T>
void softmax(const T* x, T* y, std::int64_t rows, std::int64_t cols);

template <class T>
void softmax_backward(const T* y, const T* dy, T* dx, bool add, std::int64_t rows,
                      std::int64_t cols);

}  // namespace weft::cpu
