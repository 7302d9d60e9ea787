#include "weft/ops/random.h"

#include <cmath>
#include <limits>
#include <string>

#include "kernels/random/normal.h"
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

void normal_(Tensor& x, double mean, double deviation, RandomKey key) {
  const ops::ProfileScope scope("normal_", x.device());
  ops::require_floating("normal_", "x", x);
  if (!(deviation >= 0) || !std::isfinite(deviation) || !std::isfinite(mean))
    ops::fail("normal_", "expected a mean and a deviation of 0 or more, got " +
                             std::to_string(mean) + " and " + std::to_string(deviation));
  if (x.device() == Device::gpu) {
    kernels::normal(static_cast<float>(mean), static_cast<float>(deviation), key, x.data<float>(),
                    x.size(), current_stream());
    return;
  }
  ops::with_floating_type(x.dtype(), [&]<class T>() {
    cpu::normal(static_cast<T>(mean), static_cast<T>(deviation), key, x.data<T>(), x.size());
  });
}

}  // namespace weft
