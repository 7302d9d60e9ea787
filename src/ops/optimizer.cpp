#include "weft/ops/optimizer.h"

#include <initializer_list>
#include <utility>

#include "kernels/optimizer/adam.h"
#include "kernels/optimizer/momentum.h"
#include "kernels/optimizer/sgd.h"
#include "src/cpu/optimizer.h"
#include "src/ops/check.h"
#include "src/ops/profile_scope.h"

namespace weft {
namespace {

void check(const char* op, const Tensor& values,
           std::initializer_list<std::pair<const char*, const Tensor*>> others) {
  ops::require_floating(op, "values", values);
  for (const auto& [name, x] : others) {
    ops::require_shape(op, name, *x, values.shape());
    ops::require_same_dtype(op, values, *x);
    ops::require_same_device(op, {&values, x});
  }
}

}  // namespace

void sgd_(Tensor& values, Tensor& gradients, double lr) {
  const ops::ProfileScope scope("sgd_", values.device());
  check("sgd_", values, {{"gradients", &gradients}});
  if (values.device() == Device::gpu) {
    kernels::sgd(static_cast<float>(lr), values.data<float>(), gradients.data<float>(),
                 values.size(), current_stream());
    return;
  }
  ops::with_floating_type(values.dtype(), [&]<class T>() {
    cpu::sgd(static_cast<T>(lr), values.data<T>(), gradients.data<T>(), values.size());
  });
}

void sgd_momentum_(Tensor& values, Tensor& gradients, Tensor& velocities, double lr,
                   double momentum, bool nesterov) {
  const ops::ProfileScope scope("sgd_momentum_", values.device());
  check("sgd_momentum_", values, {{"gradients", &gradients}, {"velocities", &velocities}});
  if (values.device() == Device::gpu) {
    kernels::sgd_momentum(static_cast<float>(lr), static_cast<float>(momentum), nesterov,
                          values.data<float>(), gradients.data<float>(), velocities.data<float>(),
                          values.size(), current_stream());
    return;
  }
  ops::with_floating_type(values.dtype(), [&]<class T>() {
    cpu::sgd_momentum(static_cast<T>(lr), static_cast<T>(momentum), nesterov, values.data<T>(),
                      gradients.data<T>(), velocities.data<T>(), values.size());
  });
}

void adam_(Tensor& values, Tensor& gradients, Tensor& first_moments, Tensor& second_moments,
           Tensor& step, const AdamOptions& options) {
  const ops::ProfileScope scope("adam_", values.device());
  check("adam_", values,
        {{"gradients", &gradients},
         {"first_moments", &first_moments},
         {"second_moments", &second_moments}});
  ops::require_shape("adam_", "step", step, Shape{});
  ops::require_dtype("adam_", "step", step, DType::int32);
  ops::require_same_device("adam_", {&values, &step});
  if (values.device() == Device::gpu) {
    const Tensor corrections = empty({2}, DType::float32, Device::gpu);
    kernels::adam(options.lr, options.beta1, options.beta2, static_cast<float>(options.epsilon),
                  values.data<float>(), gradients.data<float>(), first_moments.data<float>(),
                  second_moments.data<float>(), step.data<std::int32_t>(),
                  corrections.data<float>(), values.size(), current_stream());
    return;
  }
  ops::with_floating_type(values.dtype(), [&]<class T>() {
    cpu::adam(options.lr, options.beta1, options.beta2, static_cast<T>(options.epsilon),
              values.data<T>(), gradients.data<T>(), first_moments.data<T>(),
              second_moments.data<T>(), step.data<std::int32_t>(), values.size());
  });
}

}  // namespace weft
