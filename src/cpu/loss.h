#pragma once

#include <cstdint>

namespace weft::cpu {

/// The twin of kernels/loss/loss.h, for float and double.
template <class T>
void cross_entropy(const T* logits, const std::int32_t* labels, T* losses, T* mean_loss, T* dlogits,
                   std::int64_t rows, std::int64_t cols);

}  // namespace weft::cpu
