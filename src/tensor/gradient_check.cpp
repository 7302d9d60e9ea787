#include <cmath>
#include <cstring>
#include <sstream>
#include <string>

#include "weft/autograd.h"
#include "weft/error.h"

namespace weft {
namespace {

// PyTorch's gradcheck, in double.
constexpr double kStep = 1e-6;
constexpr double kAbsolute = 1e-5;
constexpr double kRelative = 1e-3;

// Fixed, of both signs and none near 0, so that errors in two elements do not cancel.
double weight(std::int64_t i) {
  return (i % 2 == 0 ? 1.0 : -1.0) * (0.5 + std::fmod(0.618034 * static_cast<double>(i + 1), 1.0));
}

double weighted(const Tensor& y) {
  const double* const values = y.data<double>();
  double sum = 0;
  for (std::int64_t i = 0; i < y.size(); ++i) sum += weight(i) * values[i];
  return sum;
}

Tensor weighted_sum(const Tensor& y) {
  return record("weighted_sum", full({}, weighted(y), DType::float64), {y},
                [shape = y.shape()](const Tensor& dy, Gradients& gradients) {
                  Tensor dx = empty(shape, DType::float64);
                  for (std::int64_t i = 0; i < dx.size(); ++i)
                    dx.data<double>()[i] = weight(i) * dy.item();
                  gradients.give(0, dx);
                });
}

using Function = std::function<Tensor(const std::vector<Tensor>&)>;

// The gradients of the weighted sum; zeros for an input that it does not depend on.
std::vector<Tensor> gradients_of(const Function& function, std::vector<Tensor> inputs) {
  for (Tensor& x : inputs)
    if (x.dtype() == DType::float64) x = x.clone().set_requires_grad();
  const Tensor y = function(inputs);
  if (y.dtype() != DType::float64 || y.device() != Device::cpu)
    throw ShapeError(std::string("gradient_check: expected a float64 result on the cpu, got ") +
                     name_of(y.dtype()) + " on the " + name_of(y.device()));
  const Tensor sum = weighted_sum(y);
  if (sum.requires_grad()) sum.backward();
  std::vector<Tensor> gradients;
  for (const Tensor& x : inputs) gradients.push_back(x.grad().defined() ? x.grad() : zeros_like(x));
  return gradients;
}

std::string place(std::size_t input, std::int64_t index) {
  return "input " + std::to_string(input) + ", index " + std::to_string(index) + ": ";
}

}  // namespace

std::string gradient_check(const Function& function, const std::vector<Tensor>& inputs) {
  std::vector<Tensor> moved;  // the inputs, of which one element at a time is moved
  bool has_floating = false;
  for (const Tensor& x : inputs) {
    if (x.device() != Device::cpu || x.dtype() == DType::float32)
      throw ShapeError(std::string("gradient_check: expected float64 inputs on the cpu, got ") +
                       name_of(x.dtype()) + " on the " + name_of(x.device()));
    has_floating = has_floating || x.dtype() == DType::float64;
    moved.push_back(x.clone());
  }
  if (!has_floating) throw ShapeError("gradient_check: expected a float64 input, got none");

  const std::vector<Tensor> first = gradients_of(function, inputs);
  const std::vector<Tensor> second = gradients_of(function, inputs);
  const NoGrad off;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (inputs[k].dtype() != DType::float64) continue;
    const double* const a = first[k].data<double>();
    const double* const again = second[k].data<double>();
    double* const x = moved[k].data<double>();
    for (std::int64_t i = 0; i < inputs[k].size(); ++i) {
      std::ostringstream wrong;
      wrong.precision(17);
      if (std::memcmp(&a[i], &again[i], sizeof(double)) != 0) {
        wrong << place(k, i) << "backward gave " << a[i] << ", and " << again[i]
              << " the second time";
        return wrong.str();
      }
      const double at = x[i];
      x[i] = at + kStep;
      const double above = weighted(function(moved));
      x[i] = at - kStep;
      const double below = weighted(function(moved));
      x[i] = at;
      const double numeric = (above - below) / (2 * kStep);
      if (!(std::abs(a[i] - numeric) <= kAbsolute + kRelative * std::abs(numeric))) {
        wrong << place(k, i) << "backward gives " << a[i] << ", central differences " << numeric;
        return wrong.str();
      }
    }
  }
  return {};
}

}  // namespace weft
