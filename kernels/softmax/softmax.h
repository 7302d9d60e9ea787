#pragma once

#include <cstdint>

#include "weft/stream.h"

namespace weft::kernels {

/// y = softmax of each row of x, both [rows, cols].
void softmax(const float* x, float* y, std::int64_t rows, std::int64_t cols, StreamView stream);

/// dx (+)= y (dy - sum of dy y over the row), all [rows, cols]; `add` adds to dx, else dx is not read.
void softmax_backward(const float* y, const float* dy, float* dx, bool add, std::int64_t rows,
                      std::int64_t cols, StreamView stream);

}  // namespace weft::kernels
