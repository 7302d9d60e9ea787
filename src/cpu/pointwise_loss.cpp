#include "src/cpu/pointwise_loss.h"

#include <algorithm>
#include <cmath>

namespace weft::cpu {
namespace {

template <class T>
T cut(T log) {  // PyTorch's: p = 0 and p = 1 stay finite
  return log < T(-100) ? T(-100) : log;
}

template <class T, class Loss, class Gradient>
void pointwise_loss(const T* x, const T* t, T* mean_loss, T* dx, std::int64_t size, Loss loss,
                    Gradient gradient) {
  double sum = 0;
  for (std::int64_t i = 0; i < size; ++i) sum += static_cast<double>(loss(x[i], t[i]));
  mean_loss[0] = static_cast<T>(sum / static_cast<double>(size));
  if (dx == nullptr) return;
  const T scale = T(1) / static_cast<T>(size);
  for (std::int64_t i = 0; i < size; ++i) dx[i] = scale * gradient(x[i], t[i]);
}

}  // namespace

template <class T>
void mse_loss(const T* x, const T* t, T* mean_loss, T* dx, std::int64_t size) {
  pointwise_loss(
      x, t, mean_loss, dx, size, [](T p, T y) { return (p - y) * (p - y); },
      [](T p, T y) { return 2 * (p - y); });
}

template <class T>
void binary_cross_entropy(const T* x, const T* t, T* mean_loss, T* dx, std::int64_t size) {
  pointwise_loss(
      x, t, mean_loss, dx, size,
      [](T p, T y) { return -(y * cut(std::log(p)) + (1 - y) * cut(std::log1p(-p))); },
      [](T p, T y) { return (p - y) / std::max(p * (1 - p), T(1e-12)); });
}

template <class T>
void binary_cross_entropy_with_logits(const T* x, const T* t, T* mean_loss, T* dx,
                                      std::int64_t size) {
  pointwise_loss(
      x, t, mean_loss, dx, size,
      [](T s, T y) { return (s > 0 ? s : T(0)) - s * y + std::log1p(std::exp(-std::abs(s))); },
      [](T s, T y) {
        const T e = std::exp(-std::abs(s));
        return (s < 0 ? e : T(1)) / (T(1) + e) - y;
      });
}

template void mse_loss(const float*, const float*, float*, float*, std::int64_t);
template void mse_loss(const double*, const double*, double*, double*, std::int64_t);
template void binary_cross_entropy(const float*, const float*, float*, float*, std::int64_t);
template void binary_cross_entropy(const double*, const double*, double*, double*, std::int64_t);
template void binary_cross_entropy_with_logits(const float*, const float*, float*, float*,
                                               std::int64_t);
template void binary_cross_entropy_with_logits(const double*, const double*, double*, double*,
                                               std::int64_t);

}  // namespace weft::cpu
