#pragma once

#include <cstdint>

#include "kernels/primitives/row_plan.h"
#include "weft/stream.h"

namespace weft::kernels {

inline constexpr RowLimits kCrossEntropyRows = {.in_registers = 32768, .arrays_in_shared = 1};

/// losses[r] = log sum exp of row r - its logit at labels[r], mean_loss[0] = mean of the losses, and
/// dlogits = (softmax - onehot) / rows unless it is null. logits and dlogits [rows, cols], labels and
/// losses [rows]. A label outside 0..cols-1 gives NaN in its loss and its row of dlogits. rows >= 1.
/// The plan is plan_rows(kCrossEntropyRows, cols, ...), or the caller's choice that fits; the workspace
/// has row_workspace(plan, rows, cols) floats.
void cross_entropy(const float* logits, const std::int32_t* labels, float* losses, float* mean_loss,
                   float* dlogits, float* workspace, std::int64_t rows, std::int64_t cols,
                   RowPlan plan, StreamView stream);

}  // namespace weft::kernels
