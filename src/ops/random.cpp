#include "weft/ops/random.h"

#include <cmath>

#include "kernels/random/uniform.h"
#include "src/cpu/random.h"
#include "src/ops/check.h"
#include "src/ops/profile_scope.h"

namespace weft {

void uniform_(Tensor& x, double low, double high, RandomKey key) {
  const ops::ProfileScope scope("uniform_", x.device());
  ops::require_floating("uniform_", "x", x);
  if (!(low <= high) || !std::isfinite(low) || !std::isfinite(high))
    ops::fail("uniform_", "expected finite low <= high, got " + std::to_string(low) + " and " +
                              std::to_string(high));
  if (x.device() == Device::gpu) {
    kernels::uniform(static_cast<float>(low), static_cast<float>(high), key, x.data<float>(),
                     x.size(), current_stream());
    return;
  }
  ops::with_floating_type(x.dtype(), [&]<class T>() {
    cpu::uniform(static_cast<T>(low), static_cast<T>(high), key, x.data<T>(), x.size());
  });
}

}  // namespace weft
