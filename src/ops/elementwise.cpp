#include "weft/ops/elementwise.h"

#include <cmath>
#include <limits>
#include <type_traits>

#include "kernels/elementwise/elementwise.h"
#include "src/cpu/elementwise.h"
#include "src/ops/check.h"
#include "src/ops/profile_scope.h"
#include "weft/stream.h"

namespace weft {
namespace {

template <class T>
void fill(Tensor& x, double value) {
  if constexpr (std::is_integral_v<T>) {
    if (!(value >= std::numeric_limits<T>::min() && value <= std::numeric_limits<T>::max()) ||
        value != std::trunc(value))
      ops::fail("fill_", std::string("expected a value that ") + name_of(x.dtype()) +
                             " can hold, got " + std::to_string(value));
  }
  if (x.device() == Device::cpu) {
    cpu::fill(static_cast<T>(value), x.data<T>(), x.size());
  } else if constexpr (std::is_same_v<T, double>) {
    ops::fail("fill_", "expected float64 on the cpu only, got it on the gpu");
  } else {
    kernels::fill(static_cast<T>(value), x.data<T>(), x.size(), current_stream());
  }
}

}  // namespace

void add_scaled_(Tensor& y, const Tensor& x, double alpha) {
  const ops::ProfileScope scope("add_scaled_", y.device());
  ops::require_floating("add_scaled_", "y", y);
  ops::require_shape("add_scaled_", "x", x, y.shape());
  ops::require_same_dtype("add_scaled_", y, x);
  ops::require_same_device("add_scaled_", {&y, &x});
  if (y.device() == Device::gpu) {
    kernels::add_scaled(static_cast<float>(alpha), x.data<float>(), y.data<float>(), y.size(),
                        current_stream());
    return;
  }
  ops::with_floating_type(y.dtype(), [&]<class T>() {
    cpu::add_scaled(static_cast<T>(alpha), x.data<T>(), y.data<T>(), y.size());
  });
}

void fill_(Tensor& x, double value) {
  const ops::ProfileScope scope("fill_", x.device());
  switch (x.dtype()) {
    case DType::float32:
      return fill<float>(x, value);
    case DType::float64:
      return fill<double>(x, value);
    case DType::int32:
      return fill<std::int32_t>(x, value);
    case DType::uint8:
      return fill<std::uint8_t>(x, value);
  }
}

}  // namespace weft
