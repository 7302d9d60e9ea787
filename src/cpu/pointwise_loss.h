#pragma once

#include <cstdint>

namespace weft::cpu {

// mean_loss[0] = mean over all elements of the loss of x[i] and target t[i], and dx = its gradient unless
// that is null. x, t, dx [size]; size >= 1; T is float or double. Sums are kept in double.

/// (x - t)²
template <class T>
void mse_loss(const T* x, const T* t, T* mean_loss, T* dx, std::int64_t size);
/// -(t log x + (1 - t) log(1 - x)), with logarithms cut at -100
template <class T>
void binary_cross_entropy(const T* x, const T* t, T* mean_loss, T* dx, std::int64_t size);
/// The same of sigmoid(x): max(x, 0) - x t + log(1 + exp(-|x|))
template <class T>
void binary_cross_entropy_with_logits(const T* x, const T* t, T* mean_loss, T* dx,
                                      std::int64_t size);

}  // namespace weft::cpu
