#include "src/cpu/optimizer.h"

#include <cmath>

#include "src/cpu/parallel.h"

namespace weft::cpu {
template <class T>
void sgd(T lr, T* values, T* gradients, std::int64_t size) {
  for_each_element(size, [=](std::int64_t i) {
    values[i] -= lr * gradients[i];
    gradients[i] = T{0};
  });
}

template <class T>
void sgd_momentum(T lr, T momentum, bool nesterov, T* values, T* gradients, T* velocities,
                  std::int64_t size) {
  for_each_element(size, [=](std::int64_t i) {
    const T velocity = momentum * velocities[i] + gradients[i];
    values[i] -= lr * (nesterov ? gradients[i] + momentum * velocity : velocity);
    velocities[i] = velocity;
    gradients[i] = T{0};
  });
}

template <class T>
void adam(double lr, double beta1, double beta2, T epsilon, T* values, T* gradients, T* m, T* v,
          std::int32_t* step, std::int64_t size) {
  const double t = ++step[0];
  const T length = static_cast<T>(lr / (1 - std::pow(beta1, t)));
  const T spread = static_cast<T>(1 / std::sqrt(1 - std::pow(beta2, t)));
  const T keep1 = static_cast<T>(beta1), rest1 = static_cast<T>(1 - beta1);
  const T keep2 = static_cast<T>(beta2), rest2 = static_cast<T>(1 - beta2);
  for_each_element(size, [=](std::int64_t i) {
    const T g = gradients[i];
    m[i] = keep1 * m[i] + rest1 * g;
    v[i] = keep2 * v[i] + rest2 * (g * g);
    values[i] -= length * m[i] / (std::sqrt(v[i]) * spread + epsilon);
    gradients[i] = T{0};
  });
}

template void sgd_momentum(float, float, bool, float*, float*, float*, std::int64_t);
template void sgd_momentum(double, double, bool, double*, double*, double*, std::int64_t);
template void adam(double, double, double, float, float*, float*, float*, float*, std::int32_t*,
                   std::int64_t);
template void adam(double, double, double, double, double*, double*, double*, double*,
                   std::int32_t*, std::int64_t);
template void sgd<float>(float, float*, float*, std::int64_t);
template void sgd<double>(double, double*, double*, std::int64_t);

}  // namespace weft::cpu
