#pragma once

#include <cstdint>

namespace weft::cpu {

// The twins of log_softmax in kernels/softmax/, for float and double.

template <class T>
void log_softmax(const T* x, T* y, std::int64_t rows, std::int64_t cols);

template <class T>
void log_softmax_backward(const T* y, const T* dy, T* dx, bool add, std::int64_t rows,
                          std::int64_t cols);

}  // namespace weft::cpu
