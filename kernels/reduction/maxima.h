#pragma once

#include <cstdint>

#include "weft/stream.h"

namespace weft::kernels {

// x [rows, cols] row-major throughout; a choice is one place in each row, a column, or in each column, a row.

/// choice[c] = the row of column c's largest element: the first of equals, the first NaN of any. For
/// rows >= 1.
void column_argmax(const float* x, std::int32_t* choice, std::int64_t rows, std::int64_t cols,
                   StreamView stream);

/// y[r] = x[r, choice[r]], and y[c] = x[choice[c], c]
void take_of_rows(const float* x, const std::int32_t* choice, float* y, std::int64_t rows,
                  std::int64_t cols, StreamView stream);
void take_of_columns(const float* x, const std::int32_t* choice, float* y, std::int64_t rows,
                     std::int64_t cols, StreamView stream);

/// dx[r, c] (+)= dy[r] where c is choice[r], else 0; and dy[c] where r is choice[c]. `add` adds to what is
/// there; otherwise dx is not read.
void take_of_rows_backward(const float* dy, const std::int32_t* choice, float* dx, bool add,
                           std::int64_t rows, std::int64_t cols, StreamView stream);
void take_of_columns_backward(const float* dy, const std::int32_t* choice, float* dx, bool add,
                              std::int64_t rows, std::int64_t cols, StreamView stream);

}  // namespace weft::kernels
