#pragma once

// max = max x and sum = sum exp(x - max) of a row, for softmax and its losses. The maximum starts at the
// lowest finite number, so a row of -inf has sum 0, and a NaN or +inf makes the sum NaN.
// Floats go four at a time through GCC's vector types and an exponential of their own: at rows of ten
// that is three times as fast as expf, and it was most of a small model's training step.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <vector>

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

using Floats = float __attribute__((vector_size(16)));
using Ints = std::int32_t __attribute__((vector_size(16)));
inline constexpr std::int64_t kLanes = 4;

/// e^x for x <= 0 or NaN; error below 1.5 units of roundoff down to e^-87, and 0 from e^-104 on. With n the
/// integer nearest to x / ln 2 and r = x - n ln 2 (ln 2 in two parts, so that n times the first is
/// exact), e^x = 2^n e^r, e^r by a minimax polynomial. 2^n goes in two halves, for the subnormals.
inline Floats exp_of_nonpositive(Floats x) {
  constexpr float kRound = 0x1.8p23f;  // adding it leaves the nearest integer in the low bits
  const Ints is_nothing = x < Floats{} - 104.0f;
  const Floats t = is_nothing ? Floats{} : x;  // not underflow, which takes a hundred cycles
  const Floats shifted = t * 1.442695041f + kRound;
  const Floats n = shifted - kRound;
  const Floats r = (t - n * 0.693359375f) + n * 2.12194440e-4f;
  Floats p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  const Floats power = p * (r * r) + r + 1.0f;
  const Ints exponent = (Ints)shifted - (Ints)(Floats{} + kRound);
  const Ints half = exponent >> 1;
  const Floats result =
      power * (Floats)((half + 127) << 23) * (Floats)((exponent - half + 127) << 23);
  return is_nothing ? Floats{} : result;
}

/// The next four of `count` floats, -inf past the end: no maximum, and e^-inf adds nothing.
inline Floats load_lanes(const float* x, std::int64_t count) {
  constexpr float kPast = -std::numeric_limits<float>::infinity();
  if (count < kLanes)
    return Floats{x[0], count > 1 ? x[1] : kPast, count > 2 ? x[2] : kPast, kPast};
  Floats lanes;
  std::memcpy(&lanes, x, sizeof lanes);
  return lanes;
}

inline void store_lanes(float* y, std::int64_t count, Floats lanes) {
  if (count >= kLanes) {
    std::memcpy(y, &lanes, sizeof lanes);
    return;
  }
  y[0] = lanes[0];
  if (count > 1) y[1] = lanes[1];
  if (count > 2) y[2] = lanes[2];
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
