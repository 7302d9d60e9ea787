#include "src/cpu/reduction.h"

#include <algorithm>

#include "src/cpu/parallel.h"
#include "src/cpu/row_argmax.h"

namespace weft::cpu {
namespace {

constexpr std::int64_t kStrip = 1024;  // columns whose sums stay in the first-level cache

/// By eight partial sums: the compiler may keep them in vector registers without reordering anything.
template <class T>
T sum_of(const T* x, std::int64_t count) {
  T partial[8] = {};
  std::int64_t i = 0;
  for (; i + 8 <= count; i += 8)
    for (int lane = 0; lane < 8; ++lane) partial[lane] += x[i + lane];
  for (int lane = 0; i < count; ++i, ++lane) partial[lane] += x[i];
  return ((partial[0] + partial[4]) + (partial[2] + partial[6])) +
         ((partial[1] + partial[5]) + (partial[3] + partial[7]));
}

}  // namespace

template <class T>
void row_sums(const T* x, T* y, bool add, std::int64_t rows, std::int64_t cols) {
  parallel_for(rows, rows * cols, [=](std::int64_t r) {
    const T sum = sum_of(x + r * cols, cols);
    y[r] = add ? y[r] + sum : sum;
  });
}

template <class T>
void column_sums(const T* x, T* y, bool add, std::int64_t rows, std::int64_t cols) {
  if (!add) std::fill(y, y + cols, T{0});
  parallel_for((cols + kStrip - 1) / kStrip, rows * cols, [=](std::int64_t strip) {
    const std::int64_t begin = strip * kStrip;
    const std::int64_t width = std::min(kStrip, cols - begin);
    T* __restrict const sums = y + begin;
    for (std::int64_t r = 0; r < rows; ++r) {
      const T* __restrict const row = x + r * cols + begin;
      for (std::int64_t c = 0; c < width; ++c) sums[c] += row[c];
    }
  });
}

template <class T>
void row_sums_backward(const T* dy, T* dx, bool add, std::int64_t rows, std::int64_t cols) {
  write_elements(dx, add, rows, cols, [=](std::int64_t r, std::int64_t) { return dy[r]; });
}

template <class T>
void column_sums_backward(const T* dy, T* dx, bool add, std::int64_t rows, std::int64_t cols) {
  write_elements(dx, add, rows, cols, [=](std::int64_t, std::int64_t c) { return dy[c]; });
}

template <class T>
void argmax(const T* x, std::int32_t* indices, std::int64_t rows, std::int64_t cols) {
  parallel_for(rows, rows * cols,
               [=](std::int64_t r) { indices[r] = argmax_of_row(x + r * cols, cols); });
}

template <class T>
void add_correct(const T* scores, const std::int32_t* labels, std::int32_t* count,
                 std::int64_t rows, std::int64_t cols) {
  std::int32_t correct = 0;
#pragma omp parallel for schedule(static) reduction(+ : correct) if (rows * cols >= kWorthAFork)
  for (std::int64_t r = 0; r < rows; ++r)
    correct += argmax_of_row(scores + r * cols, cols) == labels[r] ? 1 : 0;
  *count += correct;
}

void add_correct_by_threshold(const float* scores, const float* targets, float threshold,
                              std::int32_t* count, std::int64_t size) {
  std::int32_t correct = 0;
  for (std::int64_t i = 0; i < size; ++i)
    correct += (scores[i] > threshold) == (targets[i] > 0.5f) ? 1 : 0;
  *count += correct;
}

template void row_sums(const float*, float*, bool, std::int64_t, std::int64_t);
template void row_sums(const double*, double*, bool, std::int64_t, std::int64_t);
template void column_sums(const float*, float*, bool, std::int64_t, std::int64_t);
template void column_sums(const double*, double*, bool, std::int64_t, std::int64_t);
template void row_sums_backward(const float*, float*, bool, std::int64_t, std::int64_t);
template void row_sums_backward(const double*, double*, bool, std::int64_t, std::int64_t);
template void column_sums_backward(const float*, float*, bool, std::int64_t, std::int64_t);
template void column_sums_backward(const double*, double*, bool, std::int64_t, std::int64_t);
template void argmax(const float*, std::int32_t*, std::int64_t, std::int64_t);
template void argmax(const double*, std::int32_t*, std::int64_t, std::int64_t);
template void add_correct(const float*, const std::int32_t*, std::int32_t*, std::int64_t,
                          std::int64_t);
template void add_correct(const double*, const std::int32_t*, std::int32_t*, std::int64_t,
                          std::int64_t);

}  // namespace weft::cpu
