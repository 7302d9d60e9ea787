#pragma once

// One product to compute, with its inputs and what a naive loop in higher precision says of it.

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "src/cpu/gemm.h"
#include "tests/support/compare.h"
#include "tests/support/guarded.h"
#include "tests/support/shapes.h"
#include "weft/device.h"

namespace weft::test {

template <class T>
struct GemmCase {
  std::int64_t m = 0, n = 0, k = 0;
  bool transpose_a = false, transpose_b = false;
  T alpha = 1, beta = 0;
  Activation activation = Activation::none;
  static constexpr T kSlope = T(0.25);
  bool is_integer = false;                  // the result is exact then
  std::vector<T> a, b, bias, c;             // bias empty: none; c is NaN where beta is 0
  std::vector<double> expected, magnitude;  // magnitude: the sum of the terms' absolute values

  const T* bias_data(const T* data) const { return bias.empty() ? nullptr : data; }
  Content content() const {  // zeros only where nothing is multiplied or added
    const bool is_zero = (k == 0 || alpha == T(0)) && beta == T(0) && bias.empty();
    return is_zero ? Content::any : Content::varied;
  }

  std::string describe() const {
    return std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k) +
           (transpose_a ? " T" : " N") + (transpose_b ? "T" : "N") + " alpha " +
           std::to_string(alpha) + " beta " + std::to_string(beta) +
           (bias.empty() ? "" : " with bias") + (is_integer ? ", integers" : "") +
           (activation == Activation::none
                ? ""
                : ", activation " + std::to_string(static_cast<int>(activation)));
  }

  /// A sum of k + 3 terms, in whatever order, errs by at most lambda sqrt(k + 3) u times its magnitude
  /// with a probability near 1 - exp(-lambda^2 / 2) (Higham and Mary, SISC 2019); lambda is 5 here.
  double error_constant() const { return 5 * std::sqrt(static_cast<double>(k + 3)); }
};

/// Fills a case whose sizes and flags are set, and computes what to expect.
template <class T>
void fill(GemmCase<T>& p, Rng& rng, bool with_bias) {
  const auto draw = [&](std::int64_t count) {
    return p.is_integer ? rng.small_integers<T>(count) : rng.normal<T>(count);
  };
  p.a = draw(p.m * p.k);
  p.b = draw(p.k * p.n);
  if (with_bias) p.bias = draw(p.n);
  p.c = draw(p.m * p.n);
  using Wide = std::conditional_t<std::is_same_v<T, float>, double, long double>;
  for (std::int64_t i = 0; i < p.m; ++i)
    for (std::int64_t j = 0; j < p.n; ++j) {
      Wide sum = 0, magnitude = 0;
      for (std::int64_t l = 0; l < p.k; ++l) {
        const auto at_a = static_cast<std::size_t>(p.transpose_a ? l * p.m + i : i * p.k + l);
        const auto at_b = static_cast<std::size_t>(p.transpose_b ? j * p.k + l : l * p.n + j);
        const Wide term = static_cast<Wide>(p.a[at_a]) * p.b[at_b];
        sum += term;
        magnitude += std::abs(term);
      }
      const Wide old = static_cast<Wide>(p.beta) * p.c[static_cast<std::size_t>(i * p.n + j)];
      const Wide bias = p.bias.empty() ? T(0) : p.bias[static_cast<std::size_t>(j)];
      p.expected.push_back(static_cast<double>(p.alpha * sum + old + bias));
      p.magnitude.push_back(
          static_cast<double>(std::abs(p.alpha) * magnitude + std::abs(old) + std::abs(bias)));
    }
  if (p.beta == T(0)) p.c.assign(p.c.size(), std::numeric_limits<T>::quiet_NaN());
  if (p.alpha == T(0)) p.a.assign(p.a.size(), std::numeric_limits<T>::quiet_NaN());
  if (p.alpha == T(0)) p.b.assign(p.b.size(), std::numeric_limits<T>::quiet_NaN());
}

/// Transposes, alpha, beta, bias and the kind of numbers by chance, for sizes that are given.
template <class T>
GemmCase<T> random_case(Rng& rng, std::int64_t m, std::int64_t n, std::int64_t k) {
  GemmCase<T> p;
  p.m = m, p.n = n, p.k = k;
  p.transpose_a = rng.chance(0.5), p.transpose_b = rng.chance(0.5);
  p.is_integer = rng.chance(0.25);
  const T alphas[] = {1, 1, 1, -2, T(0.5), 0}, betas[] = {0, 0, 1, 1, -1, T(0.5)};
  p.alpha = alphas[rng.integer(0, 5)], p.beta = betas[rng.integer(0, 5)];
  fill(p, rng, rng.chance(0.5));
  return p;
}

template <class T>
std::vector<T> run_twin(const GemmCase<T>& p) {
  const Guarded<T> a(p.a, Device::cpu), b(p.b, Device::cpu), bias(p.bias, Device::cpu);
  const Guarded<T> c(p.c, Device::cpu);
  cpu::gemm(a.data(), b.data(), p.bias_data(bias.data()), c.data(), p.m, p.n, p.k, p.transpose_a,
            p.transpose_b, p.alpha, p.beta, p.activation, p.kSlope);
  return c.download();
}

}  // namespace weft::test
