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

template <class T, class>
using Each = T;  // T for each of a pack

template <class... Numbers>  // of the host, all double: float to the twins in float
struct Twins {
  void (*gpu)(const float*, float*, std::int64_t, Each<float, Numbers>..., StreamView);
  void (*cpu_float)(const float*, float*, std::int64_t, Each<float, Numbers>...);
  void (*cpu_double)(const double*, double*, std::int64_t, Numbers...);
};

template <class... Numbers>
Tensor map(const char* op, const Tensor& x, const Twins<Numbers...>& twins, Numbers... numbers) {
  ops::require_floating(op, "x", x);
  const Tensor y = empty_like(x);
  if (x.device() == Device::gpu)
    twins.gpu(x.data<float>(), y.data<float>(), x.size(), static_cast<float>(numbers)...,
              current_stream());
  else if (x.dtype() == DType::float32)
    twins.cpu_float(x.data<float>(), y.data<float>(), x.size(), static_cast<float>(numbers)...);
  else
    twins.cpu_double(x.data<double>(), y.data<double>(), x.size(), numbers...);
  return y;
}

}  // namespace

Tensor affine(const Tensor& x, double scale, double shift) {
  const ops::ProfileScope scope("affine", x.device());
  const Twins<double, double> twins{kernels::affine, cpu::affine, cpu::affine};
  const Tensor y = map("affine", x, twins, scale, shift);
  return record("affine", y, {x},
                [scale](const Tensor& dy, Gradients& gradients) { gradients.give(0, scale * dy); });
}

Tensor divide(const Tensor& x, double divisor) {
  const ops::ProfileScope scope("divide", x.device());
  const Twins<double> twins{kernels::divide_by, cpu::divide_by, cpu::divide_by};
  const Tensor y = map("divide", x, twins, divisor);
  return record("divide", y, {x}, [divisor](const Tensor& dy, Gradients& gradients) {
    gradients.give(0, dy / divisor);
  });
}

Tensor exp(const Tensor& x) {
  const ops::ProfileScope scope("exp", x.device());
  const Tensor y = map("exp", x, Twins<>{kernels::exp, cpu::exp, cpu::exp});
  return record("exp", y, {x}, [y = y.detach()](const Tensor& dy, Gradients& gradients) {
    gradients.give(0, dy * y);
  });
}

Tensor log(const Tensor& x) {
  const ops::ProfileScope scope("log", x.device());
  const Tensor y = map("log", x, Twins<>{kernels::log, cpu::log, cpu::log});
  return record("log", y, {x}, [x = x.detach()](const Tensor& dy, Gradients& gradients) {
    gradients.give(0, dy / x);
  });
}

Tensor sqrt(const Tensor& x) {
  const ops::ProfileScope scope("sqrt", x.device());
  const Tensor y = map("sqrt", x, Twins<>{kernels::sqrt, cpu::sqrt, cpu::sqrt});
  return record("sqrt", y, {x}, [y = y.detach()](const Tensor& dy, Gradients& gradients) {
    gradients.give(0, 0.5 * (dy / y));
  });
}

Tensor square(const Tensor& x) {
  const ops::ProfileScope scope("square", x.device());
  const Tensor y = map("square", x, Twins<>{kernels::square, cpu::square, cpu::square});
  return record("square", y, {x}, [x = x.detach()](const Tensor& dy, Gradients& gradients) {
    gradients.give(0, 2.0 * (dy * x));
  });
}

}  // namespace weft
