#pragma once

#include <cstdint>

namespace weft::cpu {

// The twins of kernels/reduction/maxima.h, for float and double.

template <class T>
void column_argmax(const T* x, std::int32_t* choice, std::int64_t rows, std::int64_t cols);

template <class T>
void take_of_rows(const T* x, const std::int32_t* choice, T* y, std::int64_t rows,
                  std::int64_t cols);
template <class T>
void take_of_columns(const T* x, const std::int32_t* choice, T* y, std::int64_t rows,
                     std::int64_t cols);

template <class T>
void take_of_rows_backward(const T* dy, const std::int32_t* choice, T* dx, bool add,
                           std::int64_t rows, std::int64_t cols);
template <class T>
void take_of_columns_backward(const T* dy, const std::int32_t* choice, T* dx, bool add,
                              std::int64_t rows, std::int64_t cols);

}  // namespace weft::cpu
