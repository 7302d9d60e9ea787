#include "weft/ops/activation.h"

#include <cmath>
#include <string>

#include "kernels/activation/activation.h"
#include "src/cpu/activation.h"
#include "src/ops/activation.h"
#include "src/ops/check.h"
#include "src/ops/profile_scope.h"
#include "weft/autograd.h"
#include "weft/stream.h"

namespace weft {
namespace {

const char* name_of(Activation activation) {
  switch (activation) {
    case Activation::sigmoid:
      return "sigmoid";
    case Activation::tanh:
      return "tanh";
    case Activation::relu:
      return "relu";
    case Activation::leaky_relu:
      return "leaky_relu";
    case Activation::none:
      break;
  }
  return "activate";
}

}  // namespace

void ops::require_slope(const char* op, double slope) {
  if (!(slope >= 0) || !std::isfinite(slope))
    fail(op, "expected a slope of 0 or more, got " + std::to_string(slope));
}

void ops::activation_backward(const Tensor& y, const Tensor& dy, const Tensor& dx, bool add,
                              Activation activation, double slope) {
  const ops::ProfileScope scope("activation backward", y.device());
  ops::require_same_device("activation backward", {&y, &dy, &dx});
  if (y.device() == Device::gpu)
    kernels::activation_backward(y.data<float>(), dy.data<float>(), dx.data<float>(), add, y.size(),
                                 activation, static_cast<float>(slope), current_stream());
  else
    ops::with_floating_type(y.dtype(), [&]<class T>() {
      cpu::activation_backward(y.data<T>(), dy.data<T>(), dx.data<T>(), add, y.size(), activation,
                               static_cast<T>(slope));
    });
}

Tensor activate(const Tensor& x, Activation activation, double slope) {
  const char* const op = name_of(activation);
  const ops::ProfileScope scope(op, x.device());
  ops::require_floating(op, "x", x);
  ops::require_slope(op, slope);
  if (activation == Activation::none) return x;
  const Tensor y = empty_like(x);
  if (x.device() == Device::gpu)
    kernels::activation(x.data<float>(), y.data<float>(), x.size(), activation,
                        static_cast<float>(slope), current_stream());
  else
    ops::with_floating_type(x.dtype(), [&]<class T>() {
      cpu::activation(x.data<T>(), y.data<T>(), x.size(), activation, static_cast<T>(slope));
    });
  return record(op, y, {x},
                [y = y.detach(), activation, slope](const Tensor& dy, Gradients& gradients) {
                  const auto [dx, add] = gradients.target(0);
                  ops::activation_backward(y, dy, dx, add, activation, slope);
                });
}

Tensor sigmoid(const Tensor& x) { return activate(x, Activation::sigmoid); }
Tensor tanh(const Tensor& x) { return activate(x, Activation::tanh); }
Tensor relu(const Tensor& x) { return activate(x, Activation::relu); }
Tensor leaky_relu(const Tensor& x, double slope) {
  return activate(x, Activation::leaky_relu, slope);
}

}  // namespace weft
