#include <string>

#include "kernels/reduction/l2_norm.h"
#include "src/cpu/l2_norm.h"
#include "src/ops/check.h"
#include "src/ops/profile_scope.h"
#include "weft/ops/optimizer.h"
#include "weft/ops/reduction.h"
#include "weft/stream.h"

namespace weft {

Tensor l2_norm(const Tensor& x) {
  const ops::ProfileScope scope("l2_norm", x.device());
  ops::require_floating("l2_norm", "x", x);
  const Tensor norm = empty({}, x.dtype(), x.device());
  if (x.device() == Device::gpu) {
    const Tensor workspace = empty({kernels::l2_norm_blocks(x.size())}, x.dtype(), x.device());
    kernels::l2_norm(x.data<float>(), workspace.data<float>(), norm.data<float>(), x.size(),
                     current_stream());
  } else {
    ops::with_floating_type(
        x.dtype(), [&]<class T>() { cpu::l2_norm(x.data<T>(), norm.data<T>(), x.size()); });
  }
  return norm;
}

void clip_to_norm_(Tensor& x, const Tensor& norm, double max_norm) {
  const ops::ProfileScope scope("clip_to_norm_", x.device());
  ops::require_floating("clip_to_norm_", "x", x);
  ops::require_shape("clip_to_norm_", "norm", norm, Shape{});
  ops::require_same_dtype("clip_to_norm_", x, norm);
  ops::require_same_device("clip_to_norm_", {&x, &norm});
  if (!(max_norm > 0))
    ops::fail("clip_to_norm_", "expected a largest norm over 0, got " + std::to_string(max_norm));
  if (x.device() == Device::gpu)
    kernels::clip_to_norm(x.data<float>(), norm.data<float>(), static_cast<float>(max_norm),
                          x.size(), current_stream());
  else
    ops::with_floating_type(x.dtype(), [&]<class T>() {
      cpu::clip_to_norm(x.data<T>(), norm.data<T>(), static_cast<T>(max_norm), x.size());
    });
}

}  // namespace weft
