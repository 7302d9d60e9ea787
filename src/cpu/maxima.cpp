#include "src/cpu/maxima.h"

#include <algorithm>

#include "src/cpu/parallel.h"

namespace weft::cpu {
// Row by row, as the memory lies: a later row wins where it is larger, or the first NaN.
template <class T>
void column_argmax(const T* x, std::int32_t* choice, std::int64_t rows, std::int64_t cols) {
  std::fill(choice, choice + cols, 0);
  for (std::int64_t r = 1; r < rows; ++r)
    for (std::int64_t c = 0; c < cols; ++c) {
      const T value = x[r * cols + c], best = x[choice[c] * cols + c];
      if (value > best || (value != value && best == best))
        choice[c] = static_cast<std::int32_t>(r);
    }
}

template <class T>
void take_of_rows(const T* x, const std::int32_t* choice, T* y, std::int64_t rows,
                  std::int64_t cols) {
  for (std::int64_t r = 0; r < rows; ++r) y[r] = x[r * cols + choice[r]];
}

template <class T>
void take_of_columns(const T* x, const std::int32_t* choice, T* y, std::int64_t,
                     std::int64_t cols) {
  for (std::int64_t c = 0; c < cols; ++c) y[c] = x[choice[c] * cols + c];
}

template <class T>
void take_of_rows_backward(const T* dy, const std::int32_t* choice, T* dx, bool add,
                           std::int64_t rows, std::int64_t cols) {
  write_elements(dx, add, rows, cols,
                 [=](std::int64_t r, std::int64_t c) { return choice[r] == c ? dy[r] : T(0); });
}

template <class T>
void take_of_columns_backward(const T* dy, const std::int32_t* choice, T* dx, bool add,
                              std::int64_t rows, std::int64_t cols) {
  write_elements(dx, add, rows, cols,
                 [=](std::int64_t r, std::int64_t c) { return choice[c] == r ? dy[c] : T(0); });
}

template void column_argmax(const float*, std::int32_t*, std::int64_t, std::int64_t);
template void column_argmax(const double*, std::int32_t*, std::int64_t, std::int64_t);
template void take_of_rows(const float*, const std::int32_t*, float*, std::int64_t, std::int64_t);
template void take_of_rows(const double*, const std::int32_t*, double*, std::int64_t, std::int64_t);
template void take_of_columns(const float*, const std::int32_t*, float*, std::int64_t,
                              std::int64_t);
template void take_of_columns(const double*, const std::int32_t*, double*, std::int64_t,
                              std::int64_t);
template void take_of_rows_backward(const float*, const std::int32_t*, float*, bool, std::int64_t,
                                    std::int64_t);
template void take_of_rows_backward(const double*, const std::int32_t*, double*, bool, std::int64_t,
                                    std::int64_t);
template void take_of_columns_backward(const float*, const std::int32_t*, float*, bool,
                                       std::int64_t, std::int64_t);
template void take_of_columns_backward(const double*, const std::int32_t*, double*, bool,
                                       std::int64_t, std::int64_t);

}  // namespace weft::cpu
