#include "src/cpu/softmax.h"

#include "src/cpu/row_softmax.h"

namespace weft::cpu {

template <class T>
void softmax(const T* x, T* y, std::int64_t rows, std::int64_t cols) {
  if (cols == 0) return;
  for_each_row(rows, cols, [=](std::int64_t r) {
    T* const y_row = y + r * cols;
    const T scale = 1 / exponentials(x + r * cols, y_row, cols).sum;
    for_each_piece(cols, [=](std::int64_t first, std::int64_t count) {
      for (std::int64_t c = first; c < first + count; ++c) y_row[c] *= scale;
    });
  });
}

template <class T>
void softmax_backward(const T* y, const T* dy, T* dx, bool add, std::int64_t rows,
                      std::int64_t cols) {
  if (cols == 0) return;
  for_each_row(rows, cols, [=](std::int64_t r) {
    const T* const y_row = y + r * cols;
    const T* const dy_row = dy + r * cols;
    T* const dx_row = dx + r * cols;
    const T row_dot = reduce_pieces<T>(cols, [=](std::int64_t first, std::int64_t count) {
      T dot = 0;
      for (std::int64_t c = first; c < first + count; ++c) dot += dy_row[c] * y_row[c];
      return dot;
    });
    for_each_piece(cols, [=](std::int64_t first, std::int64_t count) {
      for (std::int64_t c = first; c < first + count; ++c) {
        const T value = y_row[c] * (dy_row[c] - row_dot);
        dx_row[c] = add ? dx_row[c] + value : value;
      }
    });
  });
}

template void softmax(const float*, float*, std::int64_t, std::int64_t);
template void softmax(const double*, double*, std::int64_t, std::int64_t);
template void softmax_backward(const float*, const float*, float*, bool, std::int64_t,
                               std::int64_t);
template void softmax_backward(const double*, const double*, double*, bool, std::int64_t,
                               std::int64_t);

}  // namespace weft::cpu
