#include "src/cpu/batch_norm.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "src/cpu/channel_lanes.h"

namespace weft::cpu {
namespace {

/// Mean and sum of squared distances of `rows` >= 1 rows, in two passes over x less its first row: exact to
/// rounding for any mean.
template <int kLanes, class T>
void moments_of_chunk(const T* x, std::int64_t rows, std::int64_t c, T* mean, T* m2) {
  const Lanes<kLanes, T> shift(x, 0);
  Lanes<kLanes, T> offset(nullptr, 0), squares(nullptr, 0);
  for (std::int64_t r = 0; r < rows; ++r)
    for (int k = 0; k < kLanes; ++k) offset.of[k] += x[r * c + k] - shift.of[k];
  for (int k = 0; k < kLanes; ++k) offset.of[k] /= static_cast<T>(rows);
  for (std::int64_t r = 0; r < rows; ++r)
    for (int k = 0; k < kLanes; ++k) {
      const T distance = x[r * c + k] - shift.of[k] - offset.of[k];
      squares.of[k] += distance * distance;
    }
  for (int k = 0; k < kLanes; ++k) mean[k] = shift.of[k] + offset.of[k];
  squares.store(m2);
}

/// p.mean and the sums m2 of squared distances of all rows, the chunks' merged by Chan's formula.
template <class T>
void compute_moments(const BatchNormForward<T>& p, T* m2) {
  const Chunks chunks(p.rows, p.c);
  std::vector<T> partials(static_cast<std::size_t>(2 * chunks.count * p.c));
  T* const means = partials.data();
  T* const squares = means + chunks.count * p.c;
  chunks.for_each([=](std::int64_t chunk, std::int64_t begin, std::int64_t end) {
    for_lanes(p.c, [=]<int kLanes>(std::int64_t first) {
      moments_of_chunk<kLanes>(p.x + begin * p.c + first, end - begin, p.c,
                               means + chunk * p.c + first, squares + chunk * p.c + first);
    });
  });
  std::copy(means, means + p.c, p.mean);
  std::copy(squares, squares + p.c, m2);
  for (std::int64_t chunk = 1; chunk < chunks.count; ++chunk) {
    const std::int64_t before = chunk * chunks.rows_of_chunk;
    const T rows = static_cast<T>(std::min(chunks.rows_of_chunk, p.rows - before));
    const T share = rows / (static_cast<T>(before) + rows);
    for (std::int64_t k = 0; k < p.c; ++k) {
      const T delta = means[chunk * p.c + k] - p.mean[k];
      p.mean[k] += delta * share;
      m2[k] += squares[chunk * p.c + k] + delta * delta * (static_cast<T>(before) * share);
    }
  }
}

template <class T>
T rstd_of(T variance, T epsilon) {
  return T(1) / std::sqrt(variance + epsilon);
}

/// x - mean comes first: of numbers that are large and close it loses nothing.
template <bool kRelu, class T>
void apply(const BatchNormForward<T>& p, const T* mean, const T* rstd) {
  Chunks(p.rows, p.c).for_each([=](std::int64_t, std::int64_t begin, std::int64_t end) {
    for_lanes(p.c, [=]<int kLanes>(std::int64_t first) {
      const Lanes<kLanes, T> centre(mean + first, 0), bias(at(p.bias, first), 0);
      Lanes<kLanes, T> scale(at(p.weight, first), 1);
      for (int k = 0; k < kLanes; ++k) scale.of[k] = rstd[first + k] * scale.of[k];
      for (std::int64_t r = begin; r < end; ++r) {
        const T* const x = p.x + r * p.c + first;
        T* const y = p.y + r * p.c + first;
        for (int k = 0; k < kLanes; ++k) {
          const T value = (x[k] - centre.of[k]) * scale.of[k] + bias.of[k];
          y[k] = kRelu && value <= 0 ? T(0) : value;
        }
      }
    });
  });
}

template <class T>
void apply(const BatchNormForward<T>& p, const T* mean, const T* rstd) {
  p.relu ? apply<true>(p, mean, rstd) : apply<false>(p, mean, rstd);
}

}  // namespace

template <class T>
void batch_norm(const BatchNormForward<T>& p) {
  std::vector<T> m2(static_cast<std::size_t>(p.c));
  compute_moments(p, m2.data());
  const T rows = static_cast<T>(p.rows), kept = T(1) - p.momentum;
  for (std::int64_t k = 0; k < p.c; ++k) {
    const T squares = m2[static_cast<std::size_t>(k)];
    p.rstd[k] = rstd_of(squares / rows, p.epsilon);
    if (p.running_mean == nullptr) continue;
    p.running_mean[k] = kept * p.running_mean[k] + p.momentum * p.mean[k];
    p.running_variance[k] = kept * p.running_variance[k] + p.momentum * (squares / (rows - 1));
  }
  apply(p, p.mean, p.rstd);
}

template <class T>
void batch_norm_evaluate(const BatchNormForward<T>& p) {
  std::vector<T> rstd(static_cast<std::size_t>(p.c));
  for (std::int64_t k = 0; k < p.c; ++k)
    rstd[static_cast<std::size_t>(k)] = rstd_of(p.running_variance[k], p.epsilon);
  if (p.mean != nullptr && p.rows > 0) std::copy(p.running_mean, p.running_mean + p.c, p.mean);
  if (p.rstd != nullptr && p.rows > 0) std::copy(rstd.begin(), rstd.end(), p.rstd);
  apply(p, p.running_mean, rstd.data());
}

template void batch_norm(const BatchNormForward<float>&);
template void batch_norm(const BatchNormForward<double>&);
template void batch_norm_evaluate(const BatchNormForward<float>&);
template void batch_norm_evaluate(const BatchNormForward<double>&);

}  // namespace weft::cpu
