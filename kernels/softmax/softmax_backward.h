#pragma once

#include <cstdint>

#include "kernels/primitives/row_plan.h"
#include "weft/stream.h"

namespace weft::kernels {

inline constexpr RowLimits kSoftmaxBackwardRows = {.in_registers = 16384, .arrays_in_shared = 2};
inline constexpr RowLimits kLogSoftmaxBackwardRows = {.in_registers = 16384, .arrays_in_shared = 1};

// y, dy, dx [rows, cols]; `add` adds to dx, else dx is not read. Plan and workspace as in softmax.h, with
// the limits above.

/// dx (+)= y (dy - sum of dy y over the row).
void softmax_backward(const float* y, const float* dy, float* dx, bool add, float* workspace,
                      std::int64_t rows, std::int64_t cols, RowPlan plan, StreamView stream);

/// dx (+)= dy - exp(y) (sum of dy over the row).
void log_softmax_backward(const float* y, const float* dy, float* dx, bool add, float* workspace,
                          std::int64_t rows, std::int64_t cols, RowPlan plan, StreamView stream);

}  // namespace weft::kernels
