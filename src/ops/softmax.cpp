#include "weft/ops/softmax.h"

#include "kernels/softmax/softmax.h"
#include "kernels/softmax/softmax_backward.h"
#include "src/cpu/softmax.h"
#include "src/ops/check.h"
#include "src/ops/profile_scope.h"
#include "src/ops/row_work.h"
#include "weft/autograd.h"
#include "weft/stream.h"

namespace weft {
namespace {

void softmax_backward(const Tensor& y, const Tensor& dy, Gradients& gradients) {
  const ops::ProfileScope scope("softmax backward", y.device());
  const auto [dx, add] = gradients.target(0);
  const std::int64_t rows = y.size(0), cols = y.size(1);
  if (y.device() == Device::gpu) {
    const ops::RowWork work(kernels::kSoftmaxBackwardRows, rows, cols);
    kernels::softmax_backward(y.data<float>(), dy.data<float>(), dx.data<float>(), add, work.data(),
                              rows, cols, work.plan, current_stream());
  } else {
    ops::with_floating_type(y.dtype(), [&, &dx = dx, &add = add]<class T>() {
      cpu::softmax_backward(y.data<T>(), dy.data<T>(), dx.data<T>(), add, rows, cols);
    });
  }
}

}  // namespace

Tensor softmax(const Tensor& x) {
  const ops::ProfileScope scope("softmax", x.device());
  ops::require_rank("softmax", "x", x, 2);
  ops::require_floating("softmax", "x", x);
  const Tensor y = empty_like(x);
  const std::int64_t rows = x.size(0), cols = x.size(1);
  if (x.device() == Device::gpu) {
    const ops::RowWork work(kernels::kSoftmaxRows, rows, cols);
    kernels::softmax(x.data<float>(), y.data<float>(), work.data(), rows, cols, work.plan,
                     current_stream());
  } else {
    ops::with_floating_type(x.dtype(),
                            [&]<class T>() { cpu::softmax(x.data<T>(), y.data<T>(), rows, cols); });
  }
  return record("softmax", y, {x}, [y = y.detach()](const Tensor& dy, Gradients& gradients) {
    softmax_backward(y, dy, gradients);
  });
}

}  // namespace weft
