#pragma once

#include <cstdint>

#include "weft/stream.h"

namespace weft::kernels {

// y = a op b, element by element, for a and y [rows, cols] and b[r * b_row + c * b_column] at row r and
// column c: (cols, 1) is a matrix like a, (0, 1) one row for all, (1, 0) one column for all, (0, 0) a single
// number. y may be a, or b where b is a matrix.
void add(const float* a, const float* b, float* y, std::int64_t rows, std::int64_t cols,
         std::int64_t b_row, std::int64_t b_column, StreamView stream);
void subtract(const float* a, const float* b, float* y, std::int64_t rows, std::int64_t cols,
              std::int64_t b_row, std::int64_t b_column, StreamView stream);
void multiply(const float* a, const float* b, float* y, std::int64_t rows, std::int64_t cols,
              std::int64_t b_row, std::int64_t b_column, StreamView stream);
void divide(const float* a, const float* b, float* y, std::int64_t rows, std::int64_t cols,
            std::int64_t b_row, std::int64_t b_column, StreamView stream);

}  // namespace weft::kernels
