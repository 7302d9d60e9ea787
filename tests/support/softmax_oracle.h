#pragma once

// Softmax in float64, by the textbook, for the tests of softmax and of its losses.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace weft::test {

struct SoftmaxOracle {
  std::vector<double> y;        // [rows, cols]
  std::vector<double> log_sum;  // [rows], log of sum exp(x)
};

template <class T>
SoftmaxOracle softmax_oracle(const std::vector<T>& x, std::int64_t rows, std::int64_t cols) {
  SoftmaxOracle result;
  for (std::int64_t r = 0; r < rows; ++r) {
    const auto row = x.begin() + r * cols;
    double max = -std::numeric_limits<double>::infinity();
    for (std::int64_t c = 0; c < cols; ++c) max = std::max(max, static_cast<double>(row[c]));
    double sum = 0;
    for (std::int64_t c = 0; c < cols; ++c) sum += std::exp(static_cast<double>(row[c]) - max);
    for (std::int64_t c = 0; c < cols; ++c)
      result.y.push_back(std::exp(static_cast<double>(row[c]) - max) / sum);
    result.log_sum.push_back(max + std::log(sum));
  }
  return result;
}

/// How far the values of a row lie apart at most: an error of u in x - max is one of u |x - max| in exp.
template <class T>
double largest_range(const std::vector<T>& x, std::int64_t rows, std::int64_t cols) {
  double range = 0;
  for (std::int64_t r = 0; r < rows && cols > 0; ++r) {
    const auto [low, high] = std::minmax_element(x.begin() + r * cols, x.begin() + (r + 1) * cols);
    range = std::max(range, static_cast<double>(*high) - static_cast<double>(*low));
  }
  return std::min(range, 110.0);  // beyond it exp is zero in float
}

}  // namespace weft::test
