#pragma once

// max = max x and sum = sum exp(x - max) of a row, for softmax and its losses. The maximum starts at the
// lowest finite number, so a row of -inf has sum 0, and a NaN or +inf makes the sum NaN.
// Floats go four at a time through exp_of_nonpositive.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "src/cpu/exponential.h"
#include "src/cpu/parallel.h"

namespace weft::cpu {

template <class T>
struct MaxSum {
  T max, sum;
};

/// The largest of `count` values, at least the lowest finite number.
template <class T>
T largest_of(const T* x, std::int64_t count) {
  T max = std::numeric_limits<T>::lowest();
  for (std::int64_t i = 0; i < count; ++i) max = x[i] > max ? x[i] : max;
  return max;
}

/// The sum of exp(x[i] - max) for a max of no less than any x; these are y unless it is null.
template <class T>
T exponentials_from(const T* x, T max, T* y, std::int64_t count) {
  T sum = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const T value = std::exp(x[i] - max);
    if (y != nullptr) y[i] = value;
    sum += value;
  }
  return sum;
}

template <>
inline float largest_of(const float* x, std::int64_t count) {
  Floats largest = Floats{} + std::numeric_limits<float>::lowest();
  for (std::int64_t i = 0; i < count; i += kLanes) {
    const Floats lanes = load_lanes(x + i, count - i);
    largest = lanes > largest ? lanes : largest;
  }
  return std::max(std::max(largest[0], largest[1]), std::max(largest[2], largest[3]));
}

template <>
inline float exponentials_from(const float* x, float max, float* y, std::int64_t count) {
  Floats sums = {};
  for (std::int64_t i = 0; i < count; i += kLanes) {
    const Floats lanes = exp_of_nonpositive(load_lanes(x + i, count - i) - max);
    sums += lanes;
    if (y != nullptr) store_lanes(y + i, count - i, lanes);
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

inline constexpr std::int64_t kLongRow = kWorthAFork;  // columns from which on threads share a row
inline constexpr std::int64_t kPiece = std::int64_t{1}
                                       << 16;  // columns of it that one thread takes
static_assert(kPiece % kLanes == 0);

/// Calls body(r) for each row. Short rows are shared among the threads; long ones come one by one, and the
/// functions below share each of them.
template <class Body>
void for_each_row(std::int64_t rows, std::int64_t cols, Body body) {
  parallel_for(rows, cols < kLongRow ? rows * cols : 0, body);
}

/// Calls body(first, count) for the pieces of a long row, over the threads, or once for a short one.
template <class Body>
void for_each_piece(std::int64_t cols, Body body) {
  if (cols < kLongRow) return body(std::int64_t{0}, cols);
  parallel_for((cols + kPiece - 1) / kPiece, cols, [&](std::int64_t piece) {
    body(piece * kPiece, std::min(kPiece, cols - piece * kPiece));
  });
}

/// of_piece(first, count) of all pieces, combined in their order whatever the number of threads.
template <class T, class OfPiece, class Combine = std::plus<T>>
T reduce_pieces(std::int64_t cols, OfPiece of_piece, Combine combine = {}) {
  if (cols < kLongRow) return of_piece(std::int64_t{0}, cols);
  std::vector<T> pieces(static_cast<std::size_t>((cols + kPiece - 1) / kPiece));
  for_each_piece(cols, [&](std::int64_t first, std::int64_t count) {
    pieces[static_cast<std::size_t>(first / kPiece)] = of_piece(first, count);
  });
  T result = pieces[0];
  for (std::size_t i = 1; i < pieces.size(); ++i) result = combine(result, pieces[i]);
  return result;
}

/// Maximum and sum of a row, whose exponentials are y unless it is null.
template <class T>
MaxSum<T> exponentials(const T* x, T* y, std::int64_t cols) {
  const T max = reduce_pieces<T>(
      cols, [=](std::int64_t first, std::int64_t count) { return largest_of(x + first, count); },
      [](T a, T b) { return std::max(a, b); });
  const T sum = reduce_pieces<T>(cols, [=](std::int64_t first, std::int64_t count) {
    return exponentials_from(x + first, max, y == nullptr ? nullptr : y + first, count);
  });
  return {max, sum};
}

}  // namespace weft::cpu
