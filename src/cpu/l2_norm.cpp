#include "src/cpu/l2_norm.h"

#include <cmath>

#include "src/cpu/parallel.h"

namespace weft::cpu {

template <class T>
void l2_norm(const T* x, T* norm, std::int64_t size) {
  double sum = 0;
  for (std::int64_t i = 0; i < size; ++i) sum += static_cast<double>(x[i]) * x[i];
  norm[0] = static_cast<T>(std::sqrt(sum));
}

template <class T>
void clip_to_norm(T* x, const T* norm, T max_norm, std::int64_t size) {
  const T ratio = max_norm / (norm[0] + static_cast<T>(1e-6));
  const T factor = ratio > 1 ? T(1) : ratio;  // NaN stays
  for_each_element(size, [=](std::int64_t i) { x[i] *= factor; });
}

template void l2_norm(const float*, float*, std::int64_t);
template void l2_norm(const double*, double*, std::int64_t);
template void clip_to_norm(float*, const float*, float, std::int64_t);
template void clip_to_norm(double*, const double*, double, std::int64_t);

}  // namespace weft::cpu
