#include "src/cpu/pairwise.h"

#include <functional>

#include "src/cpu/parallel.h"

namespace weft::cpu {
namespace {

template <class T, class Operation>
void pairwise(const T* a, const T* b, T* y, std::int64_t rows, std::int64_t cols,
              std::int64_t b_row, std::int64_t b_column, Operation operation) {
  parallel_for(rows, rows * cols, [=](std::int64_t r) {
    const T* const from = a + r * cols;
    const T* const other = b + r * b_row;
    T* const to = y + r * cols;
    if (b_column == 1)
      for (std::int64_t c = 0; c < cols; ++c) to[c] = operation(from[c], other[c]);
    else
      for (std::int64_t c = 0; c < cols; ++c) to[c] = operation(from[c], *other);
  });
}

}  // namespace

template <class T>
void add(const T* a, const T* b, T* y, std::int64_t rows, std::int64_t cols, std::int64_t b_row,
         std::int64_t b_column) {
  pairwise(a, b, y, rows, cols, b_row, b_column, std::plus<T>());
}

template <class T>
void subtract(const T* a, const T* b, T* y, std::int64_t rows, std::int64_t cols,
              std::int64_t b_row, std::int64_t b_column) {
  pairwise(a, b, y, rows, cols, b_row, b_column, std::minus<T>());
}

template <class T>
void multiply(const T* a, const T* b, T* y, std::int64_t rows, std::int64_t cols,
              std::int64_t b_row, std::int64_t b_column) {
  pairwise(a, b, y, rows, cols, b_row, b_column, std::multiplies<T>());
}

template <class T>
void divide(const T* a, const T* b, T* y, std::int64_t rows, std::int64_t cols, std::int64_t b_row,
            std::int64_t b_column) {
  pairwise(a, b, y, rows, cols, b_row, b_column, std::divides<T>());
}

template void add(const float*, const float*, float*, std::int64_t, std::int64_t, std::int64_t,
                  std::int64_t);
template void add(const double*, const double*, double*, std::int64_t, std::int64_t, std::int64_t,
                  std::int64_t);
template void subtract(const float*, const float*, float*, std::int64_t, std::int64_t, std::int64_t,
                       std::int64_t);
template void subtract(const double*, const double*, double*, std::int64_t, std::int64_t,
                       std::int64_t, std::int64_t);
template void multiply(const float*, const float*, float*, std::int64_t, std::int64_t, std::int64_t,
                       std::int64_t);
template void multiply(const double*, const double*, double*, std::int64_t, std::int64_t,
                       std::int64_t, std::int64_t);
template void divide(const float*, const float*, float*, std::int64_t, std::int64_t, std::int64_t,
                     std::int64_t);
template void divide(const double*, const double*, double*, std::int64_t, std::int64_t,
                     std::int64_t, std::int64_t);

}  // namespace weft::cpu
