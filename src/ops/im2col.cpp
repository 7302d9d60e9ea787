#include "kernels/convolution/im2col.h"
#include "kernels/convolution/window_limits.h"
#include "src/cpu/im2col.h"
#include "src/ops/check.h"
#include "src/ops/profile_scope.h"
#include "src/ops/window.h"
#include "weft/autograd.h"
#include "weft/ops/convolution.h"
#include "weft/stream.h"

namespace weft {

Tensor im2col(const Tensor& x, Size2d window, Size2d stride, Size2d padding, Size2d dilation) {
  const ops::ProfileScope scope("im2col", x.device());
  ops::require_floating("im2col", "x", x);
  const WindowGeometry g = ops::window_geometry("im2col", x, window, stride, padding, dilation);
  kernels::require_product_of_ints("im2col", g, g.c);
  const Tensor columns =
      empty({std::int64_t{g.n} * g.p * g.q, std::int64_t{g.r} * g.s * g.c}, x.dtype(), x.device());
  if (x.device() == Device::gpu)
    kernels::im2col(x.data<float>(), columns.data<float>(), g, current_stream());
  else
    ops::with_floating_type(x.dtype(),
                            [&]<class T>() { cpu::im2col(x.data<T>(), columns.data<T>(), g); });
  return record("im2col", columns, {x}, [g](const Tensor& dy, Gradients& gradients) {
    const ops::ProfileScope backward_scope("im2col backward", dy.device());
    const Gradients::Target dx = gradients.target(0);
    ops::require_same_device("im2col backward", {&dy, &dx.into});
    if (dy.device() == Device::gpu)
      kernels::col2im(dy.data<float>(), dx.into.data<float>(), dx.add, g, current_stream());
    else
      ops::with_floating_type(
          dy.dtype(), [&]<class T>() { cpu::col2im(dy.data<T>(), dx.into.data<T>(), dx.add, g); });
  });
}

}  // namespace weft
