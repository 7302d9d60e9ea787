// Counts and indicators of discrete things: histogram and one_hot.

#include <cmath>
#include <limits>
#include <string>

#include "kernels/gather/one_hot.h"
#include "kernels/reduction/histogram.h"
#include "src/cpu/histogram.h"
#include "src/ops/check.h"
#include "src/ops/profile_scope.h"
#include "weft/ops/gather.h"
#include "weft/ops/reduction.h"
#include "weft/stream.h"

namespace weft {

Tensor histogram(const Tensor& x, std::int64_t bins, double low, double high) {
  const ops::ProfileScope scope("histogram", x.device());
  ops::require_floating("histogram", "x", x);
  if (bins < 1 || bins > std::numeric_limits<std::int32_t>::max())
    ops::fail("histogram", "expected 1 to 2147483647 bins, got " + std::to_string(bins));
  const bool is_range = x.dtype() == DType::float64
                            ? low < high && std::isfinite(high - low)
                            : static_cast<float>(low) < static_cast<float>(high) &&
                                  std::isfinite(static_cast<float>(high) - static_cast<float>(low));
  if (!is_range)
    ops::fail("histogram", "expected low < high, a finite distance apart, got " +
                               std::to_string(low) + " and " + std::to_string(high));
  const Tensor counts = zeros({bins}, DType::int32, x.device());
  std::int32_t* const to = counts.data<std::int32_t>();
  const auto bin_count = static_cast<std::int32_t>(bins);
  if (x.device() == Device::gpu)
    kernels::histogram(x.data<float>(), to, x.size(), bin_count, static_cast<float>(low),
                       static_cast<float>(high), current_stream());
  else
    ops::with_floating_type(x.dtype(), [&]<class T>() {
      cpu::histogram(x.data<T>(), to, x.size(), bin_count, static_cast<T>(low),
                     static_cast<T>(high));
    });
  return counts;
}

Tensor one_hot(const Tensor& labels, std::int64_t classes) {
  const ops::ProfileScope scope("one_hot", labels.device());
  ops::require_rank("one_hot", "labels", labels, 1);
  ops::require_dtype("one_hot", "labels", labels, DType::int32);
  if (classes < 1) ops::fail("one_hot", "expected 1 class or more, got " + std::to_string(classes));
  const Tensor y = empty({labels.size(), classes}, DType::float32, labels.device());
  if (labels.device() == Device::gpu)
    kernels::one_hot(labels.data<std::int32_t>(), y.data<float>(), labels.size(), classes,
                     current_stream());
  else
    cpu::one_hot(labels.data<std::int32_t>(), y.data<float>(), labels.size(), classes);
  return y;
}

}  // namespace weft
