#include "src/cpu/optimizer.h"

#include "src/cpu/parallel.h"

namespace weft::cpu {
template <class T>
void sgd(T lr, T* values, T* gradients, std::int64_t size) {
#pragma omp parallel for simd if (parallel : size >= kWorthAFork)
  for (std::int64_t i = 0; i < size; ++i) {
    values[i] -= lr * gradients[i];
    gradients[i] = T{0};
  }
}

template void sgd<float>(float, float*, float*, std::int64_t);
template void sgd<double>(double, double*, double*, std::int64_t);

}  // namespace weft::cpu
