#include <utility>

#include "kernels/loss/pointwise.h"
#include "src/cpu/pointwise_loss.h"
#include "src/ops/check.h"
#include "src/ops/profile_scope.h"
#include "weft/autograd.h"
#include "weft/ops/elementwise.h"
#include "weft/ops/loss.h"
#include "weft/stream.h"

namespace weft {
namespace {

using KernelLoss = void (*)(const float*, const float*, float*, float*, float*, std::int64_t,
                            StreamView);
template <class T>
using TwinLoss = void (*)(const T*, const T*, T*, T*, std::int64_t);

Tensor pointwise_loss(const char* op, const Tensor& x, const char* name, const Tensor& targets,
                      KernelLoss kernel, TwinLoss<float> twin, TwinLoss<double> twin_in_double) {
  const ops::ProfileScope scope(op, x.device());
  ops::require_floating(op, name, x);
  ops::require_shape(op, "targets", targets, x.shape());
  ops::require_same_dtype(op, x, targets);
  ops::require_same_device(op, {&x, &targets});
  if (x.size() == 0) ops::fail(op, "expected at least one element, got " + x.shape().to_string());

  const Tensor loss = empty({}, x.dtype(), x.device());
  // As for cross_entropy: the gradient is made while the elements are at hand, for a loss of gradient 1.
  Tensor dx = needs_grad({&x}) ? empty_like(x) : Tensor();
  const auto address = [&]<class T>() { return dx.defined() ? dx.data<T>() : nullptr; };
  if (x.device() == Device::gpu) {
    const Tensor workspace =
        empty({kernels::pointwise_loss_blocks(x.size())}, DType::float32, Device::gpu);
    kernel(x.data<float>(), targets.data<float>(), workspace.data<float>(), loss.data<float>(),
           address.operator()<float>(), x.size(), current_stream());
  } else if (x.dtype() == DType::float64) {
    twin_in_double(x.data<double>(), targets.data<double>(), loss.data<double>(),
                   address.operator()<double>(), x.size());
  } else {
    twin(x.data<float>(), targets.data<float>(), loss.data<float>(), address.operator()<float>(),
         x.size());
  }
  return record(op, loss, {x}, [dx](const Tensor& dy, Gradients& gradients) mutable {
    gradients.give(0, is_unit_gradient(dy) ? std::move(dx) : multiply(dx, dy));
  });
}

}  // namespace

Tensor mse_loss(const Tensor& predictions, const Tensor& targets) {
  return pointwise_loss("mse_loss", predictions, "predictions", targets, kernels::mse_loss,
                        cpu::mse_loss<float>, cpu::mse_loss<double>);
}

Tensor binary_cross_entropy(const Tensor& probabilities, const Tensor& targets) {
  return pointwise_loss("binary_cross_entropy", probabilities, "probabilities", targets,
                        kernels::binary_cross_entropy, cpu::binary_cross_entropy<float>,
                        cpu::binary_cross_entropy<double>);
}

Tensor binary_cross_entropy_with_logits(const Tensor& scores, const Tensor& targets) {
  return pointwise_loss("binary_cross_entropy_with_logits", scores, "scores", targets,
                        kernels::binary_cross_entropy_with_logits,
                        cpu::binary_cross_entropy_with_logits<float>,
                        cpu::binary_cross_entropy_with_logits<double>);
}

}  // namespace weft
