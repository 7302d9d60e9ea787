#pragma once

// One convolution to compute, with its inputs, and what loops over its definition in float64 say of its result
// and its gradients, beside the sums of the terms' absolute values.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/compare.h"
#include "tests/support/shapes.h"
#include "weft/window.h"

namespace weft::test {

/// A sum for every element of a result.
struct Sums {
  std::vector<double> value, magnitude;

  explicit Sums(std::size_t size) : value(size), magnitude(size) {}
  void add(std::int64_t at, double a, double b) {
    value[static_cast<std::size_t>(at)] += a * b;
    magnitude[static_cast<std::size_t>(at)] += std::abs(a * b);
  }
};

struct ConvolutionCase {
  WindowGeometry g{};
  std::int64_t k = 0;
  bool is_integer = false;  // all results are exact then
  std::vector<float> x, weight, bias, dy;

  std::int64_t places() const { return std::int64_t{g.n} * g.p * g.q; }
  std::int64_t taps() const { return std::int64_t{g.r} * g.s * g.c; }

  std::string describe() const {
    const auto pair = [](int a, int b) { return std::to_string(a) + "x" + std::to_string(b); };
    return "x " + std::to_string(g.n) + "x" + pair(g.h, g.w) + "x" + std::to_string(g.c) + ", " +
           std::to_string(k) + " outputs, window " + pair(g.r, g.s) + ", stride " +
           pair(g.stride_h, g.stride_w) + ", padding " + pair(g.pad_h, g.pad_w) + ", dilation " +
           pair(g.dilation_h, g.dilation_w) + (is_integer ? ", integers" : "");
  }

  /// Zeros are what is expected where windows see little but padding, or there are no channels.
  Content content() const {
    const bool sees_pixels = g.h > 2 * g.pad_h && g.w > 2 * g.pad_w && taps() > 0;
    return sees_pixels ? Content::varied : Content::any;
  }

  /// Sums of `terms` products in whatever order: Higham and Mary, SISC 2019, with lambda 5 (tests/gemm_case.h).
  static double error_constant(std::int64_t terms) {
    return 5 * std::sqrt(static_cast<double>(terms + 3));
  }

  /// Calls term(index in y, in x, in weight) for each product that the convolution sums.
  template <class Term>
  void for_each_term(Term term) const {
    for (std::int64_t n = 0; n < g.n; ++n)
      for (std::int64_t p = 0; p < g.p; ++p)
        for (std::int64_t q = 0; q < g.q; ++q)
          for (std::int64_t i = 0; i < g.r; ++i)
            for (std::int64_t j = 0; j < g.s; ++j) {
              const std::int64_t h = p * g.stride_h - g.pad_h + i * g.dilation_h;
              const std::int64_t w = q * g.stride_w - g.pad_w + j * g.dilation_w;
              if (h < 0 || h >= g.h || w < 0 || w >= g.w) continue;
              for (std::int64_t output = 0; output < k; ++output)
                for (std::int64_t c = 0; c < g.c; ++c)
                  term(((n * g.p + p) * g.q + q) * k + output, ((n * g.h + h) * g.w + w) * g.c + c,
                       ((output * g.r + i) * g.s + j) * g.c + c);
            }
  }

  Sums forward() const {
    Sums y(static_cast<std::size_t>(places() * k));
    for (std::int64_t i = 0; i < places() * k; ++i)
      if (!bias.empty()) y.add(i, bias[static_cast<std::size_t>(i % k)], 1);
    for_each_term([&](std::int64_t to, std::int64_t from, std::int64_t by) {
      y.add(to, x[static_cast<std::size_t>(from)], weight[static_cast<std::size_t>(by)]);
    });
    return y;
  }
  Sums backward_data() const {
    Sums dx(x.size());
    for_each_term([&](std::int64_t to, std::int64_t from, std::int64_t by) {
      dx.add(from, dy[static_cast<std::size_t>(to)], weight[static_cast<std::size_t>(by)]);
    });
    return dx;
  }
  Sums backward_weight() const {
    Sums dweight(weight.size());
    for_each_term([&](std::int64_t to, std::int64_t from, std::int64_t by) {
      dweight.add(by, dy[static_cast<std::size_t>(to)], x[static_cast<std::size_t>(from)]);
    });
    return dweight;
  }
};

/// Compares with the oracle: equal for integers, else within what the order of a sum of `terms` may do.
inline void expect_right(const std::string& name, const std::vector<float>& actual,
                         const Sums& expected, std::int64_t terms, const ConvolutionCase& p,
                         Content content = Content::any) {
  const std::string what = name + ", " + p.describe();
  if (p.is_integer)
    expect_equal(actual, expected.value, what, content);
  else
    note_worst(name, expect_sum_close(actual, expected.value, expected.magnitude,
                                      ConvolutionCase::error_constant(terms), what, content));
}

/// Completes a case whose x and window are set: places, and random numbers.
inline void fill(ConvolutionCase& p, Rng& rng, bool with_bias) {
  WindowGeometry& g = p.g;
  g.p = static_cast<int>(window_places(g.h, g.r, g.stride_h, g.pad_h, g.dilation_h));
  g.q = static_cast<int>(window_places(g.w, g.s, g.stride_w, g.pad_w, g.dilation_w));
  const auto draw = [&](std::int64_t count) {
    return p.is_integer ? rng.small_integers(count) : rng.normal(count);
  };
  p.x = draw(std::int64_t{g.n} * g.h * g.w * g.c);
  p.weight = draw(p.k * p.taps());
  p.bias = draw(with_bias ? p.k : 0);
  p.dy = draw(p.places() * p.k);
}

/// Any window, stride, padding and dilation over a small image; every other one lets channels be read by fours.
inline ConvolutionCase random_convolution(Rng& rng, int most_channels, int most_outputs) {
  const auto integer = [&](int low, int high) { return static_cast<int>(rng.integer(low, high)); };
  const auto channels = [&](int most) {
    const int x = static_cast<int>(rng.size(most));
    return rng.chance(0.5) ? (x + 3) / 4 * 4 : x;
  };
  ConvolutionCase p;
  const int r = integer(1, 5), s = integer(1, 5), dilation_h = integer(1, 2),
            dilation_w = integer(1, 3);
  const int pad_h = integer(0, 3), pad_w = integer(0, 2);
  const auto extent = [&](int window, int dilation, int pad, int more) {  // so that the window fits
    const int least = dilation * (window - 1) + 1 - 2 * pad;
    return std::max(least, 0) + integer(0, more);
  };
  p.g = {.n = integer(0, 3),
         .h = extent(r, dilation_h, pad_h, 9),
         .w = extent(s, dilation_w, pad_w, 12),
         .c = std::min(channels(most_channels), most_channels),
         .r = r,
         .s = s,
         .stride_h = integer(1, 3),
         .stride_w = integer(1, 3),
         .pad_h = pad_h,
         .pad_w = pad_w,
         .dilation_h = dilation_h,
         .dilation_w = dilation_w};
  p.k = channels(most_outputs);
  p.is_integer = rng.chance(0.3);
  fill(p, rng, rng.chance(0.5));
  return p;
}

}  // namespace weft::test
