#include "src/cpu/log_softmax.h"
#include "kernels/softmax/softmax.h"
#include "kernels/softmax/softmax_backward.h"
#include "src/ops/check.h"
#include "src/ops/profile_scope.h"
#include "src/ops/row_work.h"
#include "weft/autograd.h"
#include "weft/ops/softmax.h"
#include "weft/stream.h"

namespace weft {
namespace {

void log_softmax_backward(const Tensor& y, const Tensor& dy, Gradients& gradients) {
  const ops::ProfileScope scope("log_softmax backward", y.device());
  const auto [dx, add] = gradients.target(0);
  const std::int64_t rows = y.size(0), cols = y.size(1);
  if (y.device() == Device::gpu) {
    const ops::RowWork work(kernels::kLogSoftmaxBackwardRows, rows, cols);
    kernels::log_softmax_backward(y.data<float>(), dy.data<float>(), dx.data<float>(), add,
                                  work.data(), rows, cols, work.plan, current_stream());
  } else {
    ops::with_floating_type(y.dtype(), [&, &dx = dx, &add = add]<class T>() {
      cpu::log_softmax_backward(y.data<T>(), dy.data<T>(), dx.data<T>(), add, rows, cols);
    });
  }
}

}  // namespace

Tensor log_softmax(const Tensor& x) {
  const ops::ProfileScope scope("log_softmax", x.device());
  ops::require_rank("log_softmax", "x", x, 2);
  ops::require_floating("log_softmax", "x", x);
  const Tensor y = empty_like(x);
  const std::int64_t rows = x.size(0), cols = x.size(1);
  if (x.device() == Device::gpu) {
    const ops::RowWork work(kernels::kLogSoftmaxRows, rows, cols);
    kernels::log_softmax(x.data<float>(), y.data<float>(), work.data(), rows, cols, work.plan,
                         current_stream());
  } else {
    ops::with_floating_type(
        x.dtype(), [&]<class T>() { cpu::log_softmax(x.data<T>(), y.data<T>(), rows, cols); });
  }
  return record("log_softmax", y, {x}, [y = y.detach()](const Tensor& dy, Gradients& gradients) {
    log_softmax_backward(y, dy, gradients);
  });
}

}  // namespace weft
