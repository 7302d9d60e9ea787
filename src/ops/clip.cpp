#include "weft/ops/clip.h"

#include <string>

#include "kernels/elementwise/clip.h"
#include "src/cpu/clip.h"
#include "src/ops/check.h"
#include "src/ops/profile_scope.h"
#include "weft/autograd.h"
#include "weft/stream.h"

namespace weft {

Tensor clip(const Tensor& x, double low, double high) {
  const ops::ProfileScope scope("clip", x.device());
  ops::require_floating("clip", "x", x);
  if (!(low <= high))
    ops::fail("clip",
              "expected low <= high, got " + std::to_string(low) + " and " + std::to_string(high));
  const Tensor y = empty_like(x);
  if (x.device() == Device::gpu)
    kernels::clip(x.data<float>(), y.data<float>(), x.size(), static_cast<float>(low),
                  static_cast<float>(high), current_stream());
  else
    ops::with_floating_type(x.dtype(), [&]<class T>() {
      cpu::clip(x.data<T>(), y.data<T>(), x.size(), static_cast<T>(low), static_cast<T>(high));
    });
  return record("clip", y, {x},
                [x = x.detach(), low, high](const Tensor& dy, Gradients& gradients) {
                  const ops::ProfileScope backward_scope("clip backward", x.device());
                  const auto [dx, add] = gradients.target(0);
                  if (x.device() == Device::gpu)
                    kernels::clip_backward(x.data<float>(), dy.data<float>(), dx.data<float>(), add,
                                           x.size(), static_cast<float>(low),
                                           static_cast<float>(high), current_stream());
                  else
                    ops::with_floating_type(x.dtype(), [&, &to = dx, is_added = add]<class T>() {
                      cpu::clip_backward(x.data<T>(), dy.data<T>(), to.template data<T>(), is_added,
                                         x.size(), static_cast<T>(low), static_cast<T>(high));
                    });
                });
}

}  // namespace weft
