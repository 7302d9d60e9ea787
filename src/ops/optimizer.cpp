#include "weft/ops/optimizer.h"

#include "kernels/optimizer/sgd.h"
#include "src/cpu/optimizer.h"
#include "src/ops/check.h"
#include "src/ops/profile_scope.h"

namespace weft {

void sgd_(Tensor& values, Tensor& gradients, double lr) {
  const ops::ProfileScope scope("sgd_", values.device());
  ops::require_floating("sgd_", "values", values);
  ops::require_shape("sgd_", "gradients", gradients, values.shape());
  ops::require_same_dtype("sgd_", values, gradients);
  ops::require_same_device("sgd_", {&values, &gradients});
  if (values.device() == Device::gpu) {
    kernels::sgd(static_cast<float>(lr), values.data<float>(), gradients.data<float>(),
                 values.size(), current_stream());
    return;
  }
  ops::with_floating_type(values.dtype(), [&]<class T>() {
    cpu::sgd(static_cast<T>(lr), values.data<T>(), gradients.data<T>(), values.size());
  });
}

}  // namespace weft
