#include "src/cpu/copy_rows.h"

#include <algorithm>

#include "src/cpu/parallel.h"

namespace weft::cpu {

template <class T>
void copy_rows(const T* from, std::int64_t from_stride, T* to, std::int64_t to_stride, bool add,
               std::int64_t rows, std::int64_t length) {
  parallel_for(rows, rows * length, [=](std::int64_t r) {
    const T* const row = from + r * from_stride;
    T* const to_row = to + r * to_stride;
    if (!add)
      std::copy(row, row + length, to_row);
    else
      for (std::int64_t i = 0; i < length; ++i) to_row[i] = static_cast<T>(to_row[i] + row[i]);
  });
}

template void copy_rows(const float*, std::int64_t, float*, std::int64_t, bool, std::int64_t,
                        std::int64_t);
template void copy_rows(const double*, std::int64_t, double*, std::int64_t, bool, std::int64_t,
                        std::int64_t);
template void copy_rows(const std::int32_t*, std::int64_t, std::int32_t*, std::int64_t, bool,
                        std::int64_t, std::int64_t);
template void copy_rows(const std::uint8_t*, std::int64_t, std::uint8_t*, std::int64_t, bool,
                        std::int64_t, std::int64_t);

}  // namespace weft::cpu
