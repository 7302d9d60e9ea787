// Means over windows of images: sliding ones, and equal parts of the image, of which one is the whole.

#include "kernels/pooling/avg_pool.h"
#include "src/cpu/avg_pool.h"
#include "src/ops/check.h"
#include "src/ops/pooling.h"
#include "src/ops/profile_scope.h"
#include "weft/autograd.h"
#include "weft/ops/pooling.h"
#include "weft/stream.h"

namespace weft {
namespace {

void avg_pool_backward(const Tensor& dy, const WindowGeometry& g, bool count_include_pad,
                       Gradients& gradients) {
  const ops::ProfileScope scope("avg_pool2d backward", dy.device());
  const auto [dx, add] = gradients.target(0);
  if (dy.device() == Device::gpu)
    kernels::avg_pool_backward(dy.data<float>(), dx.data<float>(), add, g, count_include_pad,
                               current_stream());
  else
    ops::with_floating_type(dy.dtype(), [&, &to = dx, is_added = add]<class T>() {
      cpu::avg_pool_backward(dy.data<T>(), to.template data<T>(), is_added, g, count_include_pad);
    });
}

void adaptive_avg_pool_backward(const Tensor& dy, const WindowGeometry& g, Gradients& gradients) {
  const ops::ProfileScope scope("adaptive_avg_pool2d backward", dy.device());
  const auto [dx, add] = gradients.target(0);
  if (dy.device() == Device::gpu)
    kernels::adaptive_avg_pool_backward(dy.data<float>(), dx.data<float>(), add, g,
                                        current_stream());
  else
    ops::with_floating_type(dy.dtype(), [&, &to = dx, is_added = add]<class T>() {
      cpu::adaptive_avg_pool_backward(dy.data<T>(), to.template data<T>(), is_added, g);
    });
}

Tensor adaptive_avg_pool(const char* op, const Tensor& x, Size2d output) {
  const WindowGeometry g = ops::parts_geometry(op, x, output);
  const Tensor y = empty({g.n, g.p, g.q, g.c}, x.dtype(), x.device());
  if (x.device() == Device::gpu)
    kernels::adaptive_avg_pool(x.data<float>(), y.data<float>(), g, current_stream());
  else
    ops::with_floating_type(
        x.dtype(), [&]<class T>() { cpu::adaptive_avg_pool(x.data<T>(), y.data<T>(), g); });
  return record(op, y, {x}, [g](const Tensor& dy, Gradients& gradients) {
    adaptive_avg_pool_backward(dy, g, gradients);
  });
}

}  // namespace

Tensor avg_pool2d(const Tensor& x, Size2d window, std::optional<Size2d> stride, Size2d padding,
                  bool count_include_pad) {
  const ops::ProfileScope scope("avg_pool2d", x.device());
  const WindowGeometry g =
      ops::pooling_geometry("avg_pool2d", x, window, stride.value_or(window), padding, 1);
  const Tensor y = empty({g.n, g.p, g.q, g.c}, x.dtype(), x.device());
  if (x.device() == Device::gpu)
    kernels::avg_pool(x.data<float>(), y.data<float>(), g, count_include_pad, current_stream());
  else
    ops::with_floating_type(x.dtype(), [&]<class T>() {
      cpu::avg_pool(x.data<T>(), y.data<T>(), g, count_include_pad);
    });
  return record("avg_pool2d", y, {x},
                [g, count_include_pad](const Tensor& dy, Gradients& gradients) {
                  avg_pool_backward(dy, g, count_include_pad, gradients);
                });
}

Tensor adaptive_avg_pool2d(const Tensor& x, Size2d output) {
  const ops::ProfileScope scope("adaptive_avg_pool2d", x.device());
  return adaptive_avg_pool("adaptive_avg_pool2d", x, output);
}

Tensor global_avg_pool2d(const Tensor& x) {
  const ops::ProfileScope scope("global_avg_pool2d", x.device());
  const Tensor y = adaptive_avg_pool("global_avg_pool2d", x, 1);
  return y.reshape({x.size(0), x.size(3)});
}

}  // namespace weft
