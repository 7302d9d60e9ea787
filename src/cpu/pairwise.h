#pragma once

#include <cstdint>

namespace weft::cpu {

// y = a op b, element by element, for a and y [rows, cols] and b[r * b_row + c * b_column] at row r and
// column c. T is float or double.
template <class T>
void add(const T* a, const T* b, T* y, std::int64_t rows, std::int64_t cols, std::int64_t b_row,
         std::int64_t b_column);
template <class T>
void subtract(const T* a, const T* b, T* y, std::int64_t rows, std::int64_t cols,
              std::int64_t b_row, std::int64_t b_column);
template <class T>
void multiply(const T* a, const T* b, T* y, std::int64_t rows, std::int64_t cols,
              std::int64_t b_row, std::int64_t b_column);
template <class T>
void divide(const T* a, const T* b, T* y, std::int64_t rows, std::int64_t cols, std::int64_t b_row,
            std::int64_t b_column);

}  // namespace weft::cpu
