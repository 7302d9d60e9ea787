#include "weft/ops/random.h"

#include <cmath>
#include <limits>
#include <string>

#include "kernels/random/uniform.h"
#include "src/cpu/random.h"
#include "src/ops/check.h"
#include "src/ops/profile_scope.h"

namespace weft {

void uniform_(Tensor& x, double low, double high, RandomKey key) {
  const ops::ProfileScope scope("uniform_", x.device());
  ops::require_floating("uniform_", "x", x);
  const double largest = x.dtype() == DType::float64 ? std::numeric_limits<double>::max()
                                                     : std::numeric_limits<float>::max();
  if (!(low <= high) || std::abs(low) > largest || std::abs(high) > largest || high - low > largest)
    ops::fail("uniform_", "expected low <= high with a difference that " +
                              std::string(name_of(x.dtype())) + " can hold, got " +
                              std::to_string(low) + " and " + std::to_string(high));
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
