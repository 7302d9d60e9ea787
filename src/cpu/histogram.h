#pragma once

#include <cstdint>

namespace weft::cpu {

/// counts[k] += the x with k = (x - low) * (bins / (high - low)), rounded down, for low <= x <= high; high
/// itself is in the last bin. x [size], counts [bins], bins >= 1, low < high, bins / (high - low) finite. T
/// is float or double.
template <class T>
void histogram(const T* x, std::int32_t* counts, std::int64_t size, std::int32_t bins, T low,
               T high);

/// y[i, c] = 1 where c is labels[i], else 0; NaN throughout the row of a label outside 0..classes-1.
void one_hot(const std::int32_t* labels, float* y, std::int64_t count, std::int64_t classes);

}  // namespace weft::cpu
