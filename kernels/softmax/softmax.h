#pragma once

#include <cstdint>

#include "kernels/primitives/row_plan.h"
#include "weft/stream.h"

namespace weft::kernels {

inline constexpr RowLimits kSoftmaxRows = {.in_registers = 32768, .arrays_in_shared = 1};
inline constexpr RowLimits kLogSoftmaxRows = {.in_registers = 16384, .arrays_in_shared = 1};

// x, y [rows, cols]. The plan is plan_rows(k...Rows, cols, ...), or the caller's choice that fits; the
// workspace has row_workspace(plan, rows, cols) floats and overlaps nothing.

/// y = softmax of each row of x.
void softmax(const float* x, float* y, float* workspace, std::int64_t rows, std::int64_t cols,
             RowPlan plan, StreamView stream);

/// y = x - log sum exp(x) over each row of x.
void log_softmax(const float* x, float* y, float* workspace, std::int64_t rows, std::int64_t cols,
                 RowPlan plan, StreamView stream);

}  // namespace weft::kernels
