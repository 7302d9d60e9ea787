// Counts and indicators of discrete things: histogram and one_hot.

#include <cmath>
#include <iomanip>
#include <limits>
#include <sstream>
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
namespace {

std::string written(double value) {  // a range may be narrower than six decimals show
  std::ostringstream text;
  text << std::setprecision(std::numeric_limits<double>::digits10) << value;
  return text.str();
}

/// In T, the type of the computation: what is a range in double may be none in it.
template <class T>
void check_range(std::int64_t bins, double low, double high) {
  const T first = static_cast<T>(low), last = static_cast<T>(high);
  const std::string got = "got " + written(low) + " and " + written(high);
  if (!(first < last) || !std::isfinite(last - first))  // also where one is NaN
    ops::fail("histogram", "expected low < high, a finite distance apart, " + got);
  if (!std::isfinite(static_cast<T>(bins) / (last - first)))
    ops::fail("histogram", "expected a range that " + std::to_string(bins) +
                               " bins can divide in " + name_of(dtype_of<T>()) + ", " + got);
}

}  // namespace

Tensor histogram(const Tensor& x, std::int64_t bins, double low, double high) {
  const ops::ProfileScope scope("histogram", x.device());
  ops::require_floating("histogram", "x", x);
  if (bins < 1 || bins > std::numeric_limits<std::int32_t>::max())
    ops::fail("histogram", "expected 1 to 2147483647 bins, got " + std::to_string(bins));
  ops::with_floating_type(x.dtype(), [&]<class T>() { check_range<T>(bins, low, high); });
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
