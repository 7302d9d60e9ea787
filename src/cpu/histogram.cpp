#include "src/cpu/histogram.h"

#include <algorithm>
#include <limits>

namespace weft::cpu {

template <class T>
void histogram(const T* x, std::int32_t* counts, std::int64_t size, std::int32_t bins, T low,
               T high) {
  const T scale = static_cast<T>(bins) / (high - low);
  for (std::int64_t i = 0; i < size; ++i) {
    if (!(x[i] >= low && x[i] <= high)) continue;
    const T part = (x[i] - low) * scale;  // compared before it is an int: it may not fit into one
    ++counts[part < static_cast<T>(bins) ? static_cast<std::int32_t>(part) : bins - 1];
  }
}

void one_hot(const std::int32_t* labels, float* y, std::int64_t count, std::int64_t classes) {
  for (std::int64_t i = 0; i < count; ++i) {
    float* const row = y + i * classes;
    const bool is_legal = labels[i] >= 0 && labels[i] < classes;
    std::fill(row, row + classes, is_legal ? 0.0f : std::numeric_limits<float>::quiet_NaN());
    if (is_legal) row[labels[i]] = 1.0f;
  }
}

template void histogram(const float*, std::int32_t*, std::int64_t, std::int32_t, float, float);
template void histogram(const double*, std::int32_t*, std::int64_t, std::int32_t, double, double);

}  // namespace weft::cpu
