#pragma once

// Ops on float64 vectors of the CPU that are simple enough to be right at sight, for tests of autograd
// itself.

#include <cstdint>
#include <vector>

#include "weft/autograd.h"
#include "weft/tensor.h"

namespace weft::test::double_ops {

inline Tensor leaf(std::vector<double> values) {
  const auto size = static_cast<std::int64_t>(values.size());
  return from_values(values, {size}).set_requires_grad();
}

inline Tensor map(const Tensor& a, const Tensor& b, double (*f)(double, double)) {
  Tensor y = empty_like(a);
  for (std::int64_t i = 0; i < a.size(); ++i)
    y.data<double>()[i] = f(a.data<double>()[i], b.data<double>()[i]);
  return y;
}

inline double times(double x, double y) { return x * y; }

// Hands the same dy to both inputs.
inline Tensor plus(const Tensor& a, const Tensor& b) {
  return record("plus", map(a, b, [](double x, double y) { return x + y; }), {a, b},
                [](const Tensor& dy, Gradients& gradients) {
                  if (gradients.wanted(0)) gradients.give(0, dy);
                  if (gradients.wanted(1)) gradients.give(1, dy);
                });
}

// Writes in place, both targets taken before either is written, the last one first.
inline Tensor multiply(const Tensor& a, const Tensor& b) {
  return record("multiply", map(a, b, times), {a, b},
                [a, b](const Tensor& dy, Gradients& gradients) {
                  const Gradients::Target none{{}, false};
                  const Gradients::Target da = gradients.wanted(0) ? gradients.target(0) : none;
                  const Gradients::Target db = gradients.wanted(1) ? gradients.target(1) : none;
                  const auto write = [&](const Gradients::Target& to, const Tensor& other) {
                    if (!to.into.defined()) return;
                    for (std::int64_t i = 0; i < dy.size(); ++i) {
                      double& g = to.into.data<double>()[i];
                      g = dy.data<double>()[i] * other.data<double>()[i] + (to.add ? g : 0);
                    }
                  };
                  write(db, a);
                  write(da, b);
                });
}

inline Tensor sum(const Tensor& x) {
  double total = 0;
  for (std::int64_t i = 0; i < x.size(); ++i) total += x.data<double>()[i];
  return record("sum", full({}, total, DType::float64), {x},
                [like = x.detach()](const Tensor& dy, Gradients& gradients) {
                  gradients.give(0, full(like.shape(), dy.item(), DType::float64));
                });
}

using Values = std::vector<double>;

}  // namespace weft::test::double_ops
