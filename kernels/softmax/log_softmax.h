#pragma once

#include <cstdint>

#include "weft/stream.h"

namespace weft::kernels {

/// y = x - log sum exp(x) over each row of x, both [rows, cols].
void log_softmax(const float* x, float* y, std::int64_t rows, std::int64_t cols, StreamView stream);

/// dx (+)= dy - exp(y) (sum of dy over the row), all [rows, cols]; `add` adds to dx, else dx is not read.
void log_softmax_backward(const float* y, const float* dy, float* dx, bool add, std::int64_t rows,
                          std::int64_t cols, StreamView stream);

}  // namespace weft::kernels
