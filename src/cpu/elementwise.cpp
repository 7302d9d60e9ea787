#include "src/cpu/elementwise.h"

#include "src/cpu/parallel.h"

namespace weft::cpu {
template <class T>
void add_scaled(T alpha, const T* x, T* y, std::int64_t size) {
  for_each_element(size, [=](std::int64_t i) { y[i] += alpha * x[i]; });
}

template <class T>
void fill(T value, T* x, std::int64_t size) {
  for_each_element(size, [=](std::int64_t i) { x[i] = value; });
}

template void add_scaled<float>(float, const float*, float*, std::int64_t);
template void add_scaled<double>(double, const double*, double*, std::int64_t);
template void fill<float>(float, float*, std::int64_t);
template void fill<double>(double, double*, std::int64_t);
template void fill<std::int32_t>(std::int32_t, std::int32_t*, std::int64_t);
template void fill<std::uint8_t>(std::uint8_t, std::uint8_t*, std::int64_t);

}  // namespace weft::cpu
