#pragma once

// One batch normalisation, forward and backward, and its arrays on a device.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "tests/support/compare.h"
#include "tests/support/guarded.h"
#include "tests/support/shapes.h"
#include "weft/device.h"

namespace weft::test {

template <class T>
struct BatchNormCase {
  std::int64_t rows = 0, c = 0;
  bool relu = false, training = true, add = false;  // add: to dx, dweight and dbias
  T momentum = T(0.25), epsilon = T(1e-5);
  std::vector<T> x, weight, bias, running_mean, running_variance;  // all but x may be empty: null
  std::vector<T> mean, rstd, y, dy, dx, dweight, dbias;  // for backward; the last three: added to

  std::string describe() const {
    return std::to_string(rows) + "x" + std::to_string(c) + (relu ? ", relu" : "") +
           (training ? "" : ", evaluation") + (weight.empty() ? ", no weight" : "") +
           (add ? ", adding" : "");
  }
  /// Every result is a few roundings behind sums of `rows` terms, which err by at most lambda sqrt(rows) u
  /// times their magnitude with a probability near 1 - exp(-lambda^2 / 2) (Higham and Mary, SISC 2019);
  /// lambda is 5 here.
  double error_constant() const { return 5 * std::sqrt(static_cast<double>(rows) + 16); }
};

template <class T>
BatchNormCase<T> batch_norm_case(Rng& rng, std::int64_t rows, std::int64_t c, double mean = 0,
                                 double deviation = 1) {
  BatchNormCase<T> p;
  p.rows = rows, p.c = c;
  p.relu = rng.chance(0.5);
  p.x = rng.normal<T>(rows * c, mean, deviation);
  if (rng.chance(0.7)) p.weight = rng.normal<T>(c), p.bias = rng.normal<T>(c);
  if (rng.chance(0.7)) {
    p.running_mean = rng.normal<T>(c, mean);
    p.running_variance = rng.normal<T>(c, 3, 0.5);
  }
  p.dy = rng.normal<T>(rows * c);
  p.add = rng.chance(0.5);
  if (p.add)
    p.dx = rng.normal<T>(rows * c), p.dweight = rng.normal<T>(c), p.dbias = rng.normal<T>(c);
  return p;
}

/// The arrays of a case on a device: NaN where they are outputs.
template <class T>
struct BatchNormArrays {
  const BatchNormCase<T>& p;
  std::int64_t size;
  Guarded<T> x, weight, bias, running_mean, running_variance, mean, rstd, y, dy, dx, dweight, dbias;

  BatchNormArrays(const BatchNormCase<T>& p_, Device device, std::int64_t misalign = 0)
      : p(p_),
        size(p.rows * p.c),
        x(p.x, device, misalign),
        weight(p.weight, device, misalign),
        bias(p.bias, device),
        running_mean(p.running_mean, device),
        running_variance(p.running_variance, device),
        mean(p.c, device),
        rstd(p.c, device),
        y(size, device, misalign),
        dy(p.dy, device, misalign),
        dx(size, device, misalign),
        dweight(p.c, device),
        dbias(p.c, device) {
    if (!p.mean.empty()) mean.upload(p.mean), rstd.upload(p.rstd);
    if (!p.y.empty()) y.upload(p.y);
    if (p.add) dx.upload(p.dx), dweight.upload(p.dweight), dbias.upload(p.dbias);
  }
  template <class Arguments>
  Arguments forward() const {
    Arguments a;
    a.x = x.data(), a.y = y.data(), a.mean = mean.data(), a.rstd = rstd.data();
    if (!p.weight.empty()) a.weight = weight.data(), a.bias = bias.data();
    if (!p.running_mean.empty())
      a.running_mean = running_mean.data(), a.running_variance = running_variance.data();
    a.rows = p.rows, a.c = p.c, a.momentum = p.momentum, a.epsilon = p.epsilon, a.relu = p.relu;
    return a;
  }
  template <class Arguments>
  Arguments backward() const {
    Arguments a;
    a.x = x.data(), a.mean = mean.data(), a.rstd = rstd.data(), a.dy = dy.data();
    if (!p.weight.empty()) a.weight = weight.data();
    if (p.relu) a.y = y.data();
    a.dx = dx.data(), a.dweight = dweight.data(), a.dbias = dbias.data();
    a.add_dx = a.add_dweight = a.add_dbias = p.add;
    a.rows = p.rows, a.c = p.c, a.training = p.training;
    return a;
  }
};

}  // namespace weft::test
