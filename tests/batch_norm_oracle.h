#pragma once

// What naive loops in higher precision say of a batch normalisation, and by how much a kernel may differ.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "tests/batch_norm_case.h"
#include "tests/support/compare.h"
#include "tests/support/guarded.h"
#include "tests/support/shapes.h"

namespace weft::test {

struct Bounded {  // a result is right within c u magnitude
  std::vector<double> value, magnitude;
  void add(double v, double m) { value.push_back(v), magnitude.push_back(m); }
};

struct BatchNormExpected {
  Bounded y, mean, rstd, running_mean, running_variance;
  Bounded dx, dweight, dbias;
};

/// The element of an array [c] or [rows, c], or what stands for a missing one.
template <class T>
double element(const std::vector<T>& values, std::int64_t i, double otherwise) {
  return values.empty() ? otherwise : static_cast<double>(values[static_cast<std::size_t>(i)]);
}

template <class T>
BatchNormExpected batch_norm_oracle(const BatchNormCase<T>& p) {
  using Wide = std::conditional_t<std::is_same_v<T, float>, double, long double>;
  BatchNormExpected e;
  const double rows = static_cast<double>(p.rows);
  const auto size = static_cast<std::size_t>(p.rows * p.c);
  e.y.value.resize(size), e.y.magnitude.resize(size);
  for (std::int64_t k = 0; k < p.c; ++k) {
    Wide sum = 0, squares = 0;
    double largest = 0;
    for (std::int64_t r = 0; r < p.rows; ++r) {
      sum += p.x[static_cast<std::size_t>(r * p.c + k)];
      largest = std::max(largest, std::abs(element(p.x, r * p.c + k, 0)));
    }
    Wide mean = sum / static_cast<Wide>(p.rows);
    for (std::int64_t r = 0; r < p.rows; ++r) {
      const Wide distance = p.x[static_cast<std::size_t>(r * p.c + k)] - mean;
      squares += distance * distance;
    }
    Wide variance = squares / static_cast<Wide>(p.rows);
    // Partial means are rounded to u |x|, and that much their distances err when they are merged.
    double condition = 1 + largest / std::sqrt(static_cast<double>(variance + p.epsilon));
    if (!p.training) {
      mean = p.running_mean[static_cast<std::size_t>(k)], condition = 1, largest = 0;
      variance = p.running_variance[static_cast<std::size_t>(k)];
    }
    const Wide rstd = 1 / std::sqrt(variance + p.epsilon);
    const double weight = element(p.weight, k, 1), bias = element(p.bias, k, 0);
    for (std::int64_t r = 0; r < p.rows; ++r) {
      const auto i = static_cast<std::size_t>(r * p.c + k);
      const double normal = static_cast<double>((p.x[i] - mean) * rstd), y = normal * weight + bias;
      e.y.value[i] = p.relu && y <= 0 ? 0 : y;
      e.y.magnitude[i] = std::abs(weight) * (2 * largest * static_cast<double>(rstd) +
                                             std::abs(normal) * condition) +
                         std::abs(bias);
    }
    e.mean.add(static_cast<double>(mean), largest);
    e.rstd.add(static_cast<double>(rstd), static_cast<double>(rstd) * condition);
    if (p.running_mean.empty()) continue;
    const double share = p.training ? static_cast<double>(p.momentum) : 0.0;
    const double old_mean = element(p.running_mean, k, 0) * (1 - share);
    const double old_variance = element(p.running_variance, k, 0) * (1 - share);
    const double unbiased = share == 0 ? 0 : static_cast<double>(squares) / (rows - 1);
    e.running_mean.add(old_mean + share * static_cast<double>(mean),
                       std::abs(old_mean) + share * largest);
    e.running_variance.add(old_variance + share * unbiased,
                           old_variance + share * unbiased * condition);
  }
  return e;
}

/// Backward from the case's mean, rstd and y, whatever their rounding.
template <class T>
void batch_norm_backward_oracle(const BatchNormCase<T>& p, BatchNormExpected& e) {
  const double rows = static_cast<double>(p.rows);
  e.dx.value.resize(p.x.size()), e.dx.magnitude.resize(p.x.size());
  for (std::int64_t k = 0; k < p.c; ++k) {
    const double mean = element(p.mean, k, 0), rstd = element(p.rstd, k, 0);
    const auto g = [&](std::int64_t i) {
      return p.relu && element(p.y, i, 0) <= 0 ? 0.0 : element(p.dy, i, 0);
    };
    const auto xhat = [&](std::int64_t i) { return (element(p.x, i, 0) - mean) * rstd; };
    double sum_g = 0, sum_gx = 0, size_g = 0, size_gx = 0;
    for (std::int64_t i = k; i < p.rows * p.c; i += p.c) {
      sum_g += g(i), size_g += std::abs(g(i));
      sum_gx += g(i) * xhat(i), size_gx += std::abs(g(i) * xhat(i));
    }
    const double scale = element(p.weight, k, 1) * rstd;
    for (std::int64_t i = k; i < p.rows * p.c; i += p.c) {
      const double old = element(p.dx, i, 0);
      double value = g(i), magnitude = std::abs(g(i));
      if (p.training) {
        value -= sum_g / rows + xhat(i) * sum_gx / rows;
        magnitude += size_g / rows + std::abs(xhat(i)) * size_gx / rows;
      }
      e.dx.value[static_cast<std::size_t>(i)] = scale * value + old;
      e.dx.magnitude[static_cast<std::size_t>(i)] = std::abs(scale) * magnitude + std::abs(old);
    }
    const double old_weight = element(p.dweight, k, 0), old_bias = element(p.dbias, k, 0);
    e.dweight.add(sum_gx + old_weight, size_gx + std::abs(old_weight));
    e.dbias.add(sum_g + old_bias, size_g + std::abs(old_bias));
  }
}

/// Compares and returns the largest constant that was needed.
template <class T>
double expect_bounded(const Guarded<T>& actual, const Bounded& expected, double c,
                      const std::string& what) {
  return expect_sum_close(actual.download(), expected.value, expected.magnitude, c, what,
                          Content::any);
}

struct BatchNormNames {  // under which a forward and a backward are counted
  std::string forward, backward;
};

/// Runs forward(arrays) and then backward(arrays), from what forward gave, against the oracles; notes the
/// largest constants in units of sqrt(rows + 16) u, of which 5 are allowed.
template <class T, class Forward, class Backward>
void expect_batch_norm(BatchNormCase<T> p, Device device, std::int64_t misalign,
                       const BatchNormNames& names, Forward forward, Backward backward) {
  const double c = p.error_constant();
  double worst = 0;
  std::string what = names.forward + ", " + p.describe();
  const auto check = [&](const Guarded<T>& actual, const Bounded& expected, const char* array) {
    worst = std::max(worst, expect_bounded(actual, expected, c, what + ": " + array));
  };
  {
    const BatchNormArrays<T> arrays(p, device, misalign);
    forward(arrays);
    const BatchNormExpected e = batch_norm_oracle(p);
    check(arrays.y, e.y, "y");
    if (p.rows > 0) check(arrays.mean, e.mean, "mean");
    if (p.rows > 0) check(arrays.rstd, e.rstd, "rstd");
    check(arrays.running_mean, e.running_mean, "running mean");
    check(arrays.running_variance, e.running_variance, "running variance");
    p.mean = arrays.mean.download(), p.rstd = arrays.rstd.download(), p.y = arrays.y.download();
  }
  note_worst(names.forward, 5 * worst / c);
  worst = 0;
  what = names.backward + ", " + p.describe();
  const BatchNormArrays<T> arrays(p, device, misalign);
  backward(arrays);
  BatchNormExpected e;
  batch_norm_backward_oracle(p, e);
  check(arrays.dx, e.dx, "dx");
  check(arrays.dweight, e.dweight, "dweight");
  check(arrays.dbias, e.dbias, "dbias");
  note_worst(names.backward, 5 * worst / c);
  count_shapes(names.forward), count_shapes(names.backward);
}

}  // namespace weft::test
