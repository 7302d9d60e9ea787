#include "src/cpu/batch_norm.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "src/cpu/parallel.h"

namespace weft::cpu {
namespace {

constexpr std::int64_t kChunk =
    4096;  // elements: they stay in the first-level cache between two passes

/// Rows begin .. end - 1, one chunk of several.
struct Chunks {
  std::int64_t rows, c, rows_of_chunk, count;

  Chunks(std::int64_t rows_, std::int64_t c_) : rows(rows_), c(c_) {
    rows_of_chunk = std::max<std::int64_t>(kChunk / std::max<std::int64_t>(c, 1), 16);
    count = (rows + rows_of_chunk - 1) / rows_of_chunk;
  }
  /// Calls body(chunk, first row, end row), over the threads.
  template <class Body>
  void for_each(Body body) const {
    parallel_for(count, rows * c, [=, *this](std::int64_t chunk) {
      const std::int64_t begin = chunk * rows_of_chunk;
      body(chunk, begin, std::min(begin + rows_of_chunk, rows));
    });
  }
};

/// Calls body<kLanes>(first) for groups of neighbouring channels, whose sums then stay in registers.
template <class Body>
void for_lanes(std::int64_t c, Body body) {
  std::int64_t first = 0;
  for (; first + 16 <= c; first += 16) body.template operator()<16>(first);
  for (; first + 8 <= c; first += 8) body.template operator()<8>(first);
  for (; first + 4 <= c; first += 4) body.template operator()<4>(first);
  for (; first < c; ++first) body.template operator()<1>(first);
}

/// Values of kLanes channels, or `otherwise` where there is no array.
template <int kLanes, class T>
struct Lanes {
  T of[kLanes];

  Lanes(const T* from, T otherwise) {
    for (int k = 0; k < kLanes; ++k) of[k] = from == nullptr ? otherwise : from[k];
  }
  void store(T* to) const { std::copy(of, of + kLanes, to); }
};

template <class T>
const T* at(const T* array, std::int64_t i) {
  return array == nullptr ? nullptr : array + i;
}

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

/// dy where ReLU let y pass.
template <bool kRelu, class T>
T passed(const BatchNormBackward<T>& p, std::int64_t i) {
  if constexpr (kRelu) return p.dy[i] * (p.y[i] <= 0 ? T(0) : T(1));
  return p.dy[i];
}

/// The sums of g, and of g (x - mean), over the rows: [2, c].
template <bool kRelu, class T>
std::vector<T> gradient_sums(const BatchNormBackward<T>& p) {
  const Chunks chunks(p.rows, p.c);
  std::vector<T> partials(static_cast<std::size_t>(2 * chunks.count * p.c));
  chunks.for_each(
      [&p, to = partials.data()](std::int64_t chunk, std::int64_t begin, std::int64_t end) {
        for_lanes(p.c, [=, &p]<int kLanes>(std::int64_t first) {
          const Lanes<kLanes, T> mean(p.mean + first, 0);
          Lanes<kLanes, T> g_sum(nullptr, 0), gx_sum(nullptr, 0);
          for (std::int64_t r = begin; r < end; ++r)
            for (int k = 0; k < kLanes; ++k) {
              const std::int64_t i = r * p.c + first + k;
              const T g = passed<kRelu>(p, i);
              g_sum.of[k] += g;
              gx_sum.of[k] += g * (p.x[i] - mean.of[k]);
            }
          g_sum.store(to + 2 * chunk * p.c + first);
          gx_sum.store(to + (2 * chunk + 1) * p.c + first);
        });
      });
  std::vector<T> sums(static_cast<std::size_t>(2 * p.c));
  for (std::size_t i = 0; i < partials.size(); ++i) sums[i % sums.size()] += partials[i];
  return sums;
}

/// dx = scale (g - mean_g - (x - mean) slope) for coefficients [2, c]: mean_g and slope.
template <bool kRelu, class T>
void apply_backward(const BatchNormBackward<T>& p, const T* coefficients) {
  Chunks(p.rows, p.c).for_each([=, &p](std::int64_t, std::int64_t begin, std::int64_t end) {
    for_lanes(p.c, [=, &p]<int kLanes>(std::int64_t first) {
      const Lanes<kLanes, T> mean(p.mean + first, 0), mean_g(coefficients + first, 0),
          slope(coefficients + p.c + first, 0);
      Lanes<kLanes, T> scale(at(p.weight, first), 1);
      for (int k = 0; k < kLanes; ++k) scale.of[k] = p.rstd[first + k] * scale.of[k];
      for (std::int64_t r = begin; r < end; ++r)
        for (int k = 0; k < kLanes; ++k) {
          const std::int64_t i = r * p.c + first + k;
          const T g = passed<kRelu>(p, i) - mean_g.of[k] - (p.x[i] - mean.of[k]) * slope.of[k];
          p.dx[i] = p.add_dx ? p.dx[i] + scale.of[k] * g : scale.of[k] * g;
        }
    });
  });
}

template <bool kRelu, class T>
void backward(const BatchNormBackward<T>& p) {
  std::vector<T> coefficients(static_cast<std::size_t>(2 * p.c));
  if ((p.training && p.dx != nullptr) || p.dweight != nullptr || p.dbias != nullptr) {
    const std::vector<T> sums = gradient_sums<kRelu>(p);
    for (std::int64_t k = 0; k < p.c; ++k) {
      const T g = sums[static_cast<std::size_t>(k)];
      const T g_xhat =  // without rows there may be no rstd
          p.rows > 0 ? p.rstd[k] * sums[static_cast<std::size_t>(p.c + k)] : T(0);
      if (p.dbias != nullptr) p.dbias[k] = p.add_dbias ? p.dbias[k] + g : g;
      if (p.dweight != nullptr) p.dweight[k] = p.add_dweight ? p.dweight[k] + g_xhat : g_xhat;
      if (!p.training || p.rows == 0) continue;
      coefficients[static_cast<std::size_t>(k)] = g / static_cast<T>(p.rows);
      coefficients[static_cast<std::size_t>(p.c + k)] = p.rstd[k] * g_xhat / static_cast<T>(p.rows);
    }
  }
  if (p.dx != nullptr) apply_backward<kRelu>(p, coefficients.data());
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

template <class T>
void batch_norm_backward(const BatchNormBackward<T>& p) {
  p.y == nullptr ? backward<false>(p) : backward<true>(p);
}

template void batch_norm(const BatchNormForward<float>&);
template void batch_norm(const BatchNormForward<double>&);
template void batch_norm_evaluate(const BatchNormForward<float>&);
template void batch_norm_evaluate(const BatchNormForward<double>&);
template void batch_norm_backward(const BatchNormBackward<float>&);
template void batch_norm_backward(const BatchNormBackward<double>&);

}  // namespace weft::cpu
