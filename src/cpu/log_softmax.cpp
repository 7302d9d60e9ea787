#include "src/cpu/log_softmax.h"

#include "src/cpu/parallel.h"
#include "src/cpu/row_softmax.h"

namespace weft::cpu {

template <class T>
void log_softmax(const T* x, T* y, std::int64_t rows, std::int64_t cols) {
  parallel_for(rows, rows * cols, [=](std::int64_t r) {
    const T* const x_row = x + r * cols;
    const MaxSum<T> row = exponentials<T>(x_row, nullptr, cols);
    const T log_sum = std::log(row.sum);
    for (std::int64_t c = 0; c < cols; ++c) y[r * cols + c] = (x_row[c] - row.max) - log_sum;
  });
}

template <class T>
void log_softmax_backward(const T* y, const T* dy, T* dx, bool add, std::int64_t rows,
                          std::int64_t cols) {
  parallel_for(rows, rows * cols, [=](std::int64_t r) {
    const T* const dy_row = dy + r * cols;
    T sum = 0;
    for (std::int64_t c = 0; c < cols; ++c) sum += dy_row[c];
    for (std::int64_t c = 0; c < cols; ++c) {
      const T value = dy_row[c] - std::exp(y[r * cols + c]) * sum;
      T& to = dx[r * cols + c];
      to = add ? to + value : value;
    }
  });
}

template void log_softmax(const float*, float*, std::int64_t, std::int64_t);
template void log_softmax(const double*, double*, std::int64_t, std::int64_t);
template void log_softmax_backward(const float*, const float*, float*, bool, std::int64_t,
                                   std::int64_t);
template void log_softmax_backward(const double*, const double*, double*, bool, std::int64_t,
                                   std::int64_t);

}  // namespace weft::cpu
