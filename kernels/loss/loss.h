#pragma once

#include <cstdint>

#include "weft/stream.h"

namespace weft::kernels {

/// losses[r] = log sum exp of row r - its logit at labels[r], mean_loss[0] = mean of the losses, and
/// dlogits = (softmax - onehot) / rows unless it is null. logits and dlogits [rows, cols], labels and
/// losses [rows]. A label outside 0..cols-1 gives NaN in its loss and its row of dlogits. rows >= 1.
void cross_entropy(const float* logits, const std::int32_t* labels, float* losses, float* mean_loss,
                   float* dlogits, std::int64_t rows, std::int64_t cols, StreamView stream);

}  // namespace weft::kernels
