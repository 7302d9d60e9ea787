#pragma once

#include <cstdint>

#include "weft/stream.h"

namespace weft::kernels {

/// Blocks of a pointwise loss over `size` elements: the floats of workspace that it needs.
std::int64_t pointwise_loss_blocks(std::int64_t size);

// mean_loss[0] = mean over all elements of the loss of x[i] and target t[i], and dx = its gradient unless
// that is null. x, t, dx [size]; workspace [pointwise_loss_blocks(size)]; size >= 1.

/// (x - t)²
void mse_loss(const float* x, const float* t, float* workspace, float* mean_loss, float* dx,
              std::int64_t size, StreamView stream);
/// -(t log x + (1 - t) log(1 - x)), with logarithms cut at -100
void binary_cross_entropy(const float* x, const float* t, float* workspace, float* mean_loss,
                          float* dx, std::int64_t size, StreamView stream);
/// The same of sigmoid(x): max(x, 0) - x t + log(1 + exp(-|x|))
void binary_cross_entropy_with_logits(const float* x, const float* t, float* workspace,
                                      float* mean_loss, float* dx, std::int64_t size,
                                      StreamView stream);

}  // namespace weft::kernels
