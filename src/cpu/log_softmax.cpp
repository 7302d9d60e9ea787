#include "src/cpu/log_softmax.h"

#include "src/cpu/row_softmax.h"

namespace weft::cpu {

template <class T>
void log_softmax(const T* x, T* y, std::int64_t rows, std::int64_t cols) {
  if (cols == 0) return;
  for_each_row(rows, cols, [=](std::int64_t r) {
    const T* const x_row = x + r * cols;
    T* const y_row = y + r * cols;
    const MaxSum<T> row = exponentials<T>(x_row, nullptr, cols);
    const T log_sum = std::log(row.sum);
    for_each_piece(cols, [=](std::int64_t first, std::int64_t count) {
      for (std::int64_t c = first; c < first + count; ++c)
        y_row[c] = (x_row[c] - row.max) - log_sum;
    });
  });
}

template <class T>
void log_softmax_backward(const T* y, const T* dy, T* dx, bool add, std::int64_t rows,
                          std::int64_t cols) {
  if (cols == 0) return;
  for_each_row(rows, cols, [=](std::int64_t r) {
    const T* const y_row = y + r * cols;
    const T* const dy_row = dy + r * cols;
    T* const dx_row = dx + r * cols;
    const T row_sum = reduce_pieces<T>(cols, [=](std::int64_t first, std::int64_t count) {
      T sum = 0;
      for (std::int64_t c = first; c < first + count; ++c) sum += dy_row[c];
      return sum;
    });
    for_each_piece(cols, [=](std::int64_t first, std::int64_t count) {
      for (std::int64_t c = first; c < first + count; ++c) {
        const T value = dy_row[c] - std::exp(y_row[c]) * row_sum;
        dx_row[c] = add ? dx_row[c] + value : value;
      }
    });
  });
}

template void log_softmax(const float*, float*, std::int64_t, std::int64_t);
template void log_softmax(const double*, double*, std::int64_t, std::int64_t);
template void log_softmax_backward(const float*, const float*, float*, bool, std::int64_t,
                                   std::int64_t);
template void log_softmax_backward(const double*, const double*, double*, bool, std::int64_t,
                                   std::int64_t);

}  // namespace weft::cpu
