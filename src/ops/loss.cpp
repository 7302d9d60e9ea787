#include "weft/ops/loss.h"

#include <utility>

#include "kernels/loss/loss.h"
#include "src/cpu/loss.h"
#include "src/ops/check.h"
#include "src/ops/profile_scope.h"
#include "src/ops/row_work.h"
#include "weft/autograd.h"
#include "weft/ops/elementwise.h"
#include "weft/stream.h"

namespace weft {

Tensor cross_entropy(const Tensor& logits, const Tensor& labels) {
  const ops::ProfileScope scope("cross_entropy", logits.device());
  ops::require_rank("cross_entropy", "logits", logits, 2);
  ops::require_floating("cross_entropy", "logits", logits);
  ops::require_dtype("cross_entropy", "labels", labels, DType::int32);
  ops::require_shape("cross_entropy", "labels", labels, {logits.size(0)});
  ops::require_same_device("cross_entropy", {&logits, &labels});
  const std::int64_t rows = logits.size(0), cols = logits.size(1);
  if (rows == 0)
    ops::fail("cross_entropy", "expected at least one row, got " + logits.shape().to_string());

  const Tensor losses = empty({rows}, logits.dtype(), logits.device());
  const Tensor loss = empty({}, logits.dtype(), logits.device());
  // The gradient costs one multiplication for each element while the row is at hand, and another pass
  // later: it is made here, for a loss of gradient 1, whenever somebody will want it.
  Tensor dlogits = needs_grad({&logits}) ? empty_like(logits) : Tensor();
  if (logits.device() == Device::gpu) {
    const ops::RowWork work(kernels::kCrossEntropyRows, rows, cols);
    kernels::cross_entropy(logits.data<float>(), labels.data<std::int32_t>(), losses.data<float>(),
                           loss.data<float>(), dlogits.defined() ? dlogits.data<float>() : nullptr,
                           work.data(), rows, cols, work.plan, current_stream());
  } else {
    ops::with_floating_type(logits.dtype(), [&]<class T>() {
      cpu::cross_entropy(logits.data<T>(), labels.data<std::int32_t>(), losses.data<T>(),
                         loss.data<T>(), dlogits.defined() ? dlogits.data<T>() : nullptr, rows,
                         cols);
    });
  }
  return record(
      "cross_entropy", loss, {logits}, [dlogits](const Tensor& dy, Gradients& gradients) mutable {
        gradients.give(0, is_unit_gradient(dy) ? std::move(dlogits) : multiply(dlogits, dy));
      });
}

}  // namespace weft
