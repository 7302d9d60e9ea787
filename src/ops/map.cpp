// Functions of one element. Their backwards are made of the same ops.

#include "kernels/elementwise/map.h"
#include "src/cpu/map.h"
#include "src/ops/check.h"
#include "src/ops/profile_scope.h"
#include "weft/autograd.h"
#include "weft/ops/elementwise.h"
#include "weft/stream.h"

namespace weft {
namespace {

struct Twins {
  void (*gpu)(const float*, float*, std::int64_t, StreamView);
  void (*cpu_float)(const float*, float*, std::int64_t);
  void (*cpu_double)(const double*, double*, std::int64_t);
};

Tensor map(const char* op, const Tensor& x, const Twins& twins) {
  ops::require_floating(op, "x", x);
  const Tensor y = empty_like(x);
  if (x.device() == Device::gpu)
    twins.gpu(x.data<float>(), y.data<float>(), x.size(), current_stream());
  else if (x.dtype() == DType::float32)
    twins.cpu_float(x.data<float>(), y.data<float>(), x.size());
  else
    twins.cpu_double(x.data<double>(), y.data<double>(), x.size());
  return y;
}

}  // namespace

Tensor affine(const Tensor& x, double scale, double shift) {
  const ops::ProfileScope scope("affine", x.device());
  ops::require_floating("affine", "x", x);
  const Tensor y = empty_like(x);
  if (x.device() == Device::gpu)
    kernels::affine(x.data<float>(), y.data<float>(), x.size(), static_cast<float>(scale),
                    static_cast<float>(shift), current_stream());
  else
    ops::with_floating_type(x.dtype(), [&]<class T>() {
      cpu::affine(x.data<T>(), y.data<T>(), x.size(), static_cast<T>(scale), static_cast<T>(shift));
    });
  return record("affine", y, {x}, [scale](const Tensor& dy, Gradients& gradients) {
    gradients.give(0, affine(dy, scale, 0));
  });
}

Tensor exp(const Tensor& x) {
  const ops::ProfileScope scope("exp", x.device());
  const Tensor y = map("exp", x, {kernels::exp, cpu::exp, cpu::exp});
  return record("exp", y, {x}, [y = y.detach()](const Tensor& dy, Gradients& gradients) {
    gradients.give(0, dy * y);
  });
}

Tensor log(const Tensor& x) {
  const ops::ProfileScope scope("log", x.device());
  const Tensor y = map("log", x, {kernels::log, cpu::log, cpu::log});
  return record("log", y, {x}, [x = x.detach()](const Tensor& dy, Gradients& gradients) {
    gradients.give(0, dy / x);
  });
}

Tensor sqrt(const Tensor& x) {
  const ops::ProfileScope scope("sqrt", x.device());
  const Tensor y = map("sqrt", x, {kernels::sqrt, cpu::sqrt, cpu::sqrt});
  return record("sqrt", y, {x}, [y = y.detach()](const Tensor& dy, Gradients& gradients) {
    gradients.give(0, 0.5 * (dy / y));
  });
}

Tensor square(const Tensor& x) {
  const ops::ProfileScope scope("square", x.device());
  const Tensor y = map("square", x, {kernels::square, cpu::square, cpu::square});
  return record("square", y, {x}, [x = x.detach()](const Tensor& dy, Gradients& gradients) {
    gradients.give(0, 2.0 * (dy * x));
  });
}

}  // namespace weft
