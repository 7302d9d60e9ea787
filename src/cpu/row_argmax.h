#pragma once

#include <cstdint>

namespace weft::cpu {

/// The column of a row's largest element: the first of equals, the first NaN of any. For cols >= 1.
template <class T>
std::int32_t argmax_of_row(const T* x, std::int64_t cols) {
  std::int64_t best = 0;
  for (std::int64_t c = 0; c < cols; ++c) {
    if (x[c] != x[c]) return static_cast<std::int32_t>(c);  // the first NaN
    if (x[c] > x[best]) best = c;
  }
  return static_cast<std::int32_t>(best);
}

}  // namespace weft::cpu
