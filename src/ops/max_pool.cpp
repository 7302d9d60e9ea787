#include <cstdint>
#include <limits>
#include <string>

#include "kernels/pooling/max_pool.h"
#include "src/cpu/max_pool.h"
#include "src/ops/check.h"
#include "src/ops/pooling.h"
#include "src/ops/profile_scope.h"
#include "weft/autograd.h"
#include "weft/ops/pooling.h"
#include "weft/stream.h"

namespace weft {
namespace {

constexpr std::int64_t kMostByteTaps = 256;  // taps of a window that a byte can tell apart

template <class Tap>
void max_pool_backward(const Tensor& dy, const Tensor& taps, const WindowGeometry& g,
                       Gradients& gradients) {
  const ops::ProfileScope scope("max_pool2d backward", dy.device());
  const auto [dx, add] = gradients.target(0);
  if (dy.device() == Device::gpu)
    kernels::max_pool_backward(dy.data<float>(), taps.data<Tap>(), dx.data<float>(), add, g,
                               current_stream());
  else
    ops::with_floating_type(dy.dtype(), [&, &to = dx, is_added = add]<class T>() {
      cpu::max_pool_backward(dy.data<T>(), taps.data<Tap>(), to.template data<T>(), is_added, g);
    });
}

/// Saves the place of each maximum in its window: backward then reads a quarter of what it would read to find
/// it again, and x need not be kept.
template <class Tap>
Tensor max_pool(const Tensor& x, const WindowGeometry& g) {
  const Tensor y = empty({g.n, g.p, g.q, g.c}, x.dtype(), x.device());
  Tensor taps;
  Tap* to = nullptr;
  if (needs_grad({&x})) {
    taps = empty(y.shape(), dtype_of<Tap>(), x.device());
    to = taps.data<Tap>();
  }
  if (x.device() == Device::gpu)
    kernels::max_pool(x.data<float>(), y.data<float>(), to, g, current_stream());
  else
    ops::with_floating_type(x.dtype(),
                            [&]<class T>() { cpu::max_pool(x.data<T>(), y.data<T>(), to, g); });
  return record("max_pool2d", y, {x}, [taps, g](const Tensor& dy, Gradients& gradients) {
    max_pool_backward<Tap>(dy, taps, g, gradients);
  });
}

}  // namespace

Tensor max_pool2d(const Tensor& x, Size2d window, std::optional<Size2d> stride, Size2d padding,
                  Size2d dilation) {
  const ops::ProfileScope scope("max_pool2d", x.device());
  const WindowGeometry g =
      ops::pooling_geometry("max_pool2d", x, window, stride.value_or(window), padding, dilation);
  const std::int64_t taps = window.h * window.w;
  if (taps > std::numeric_limits<std::int32_t>::max())
    ops::fail("max_pool2d",
              "expected a window of at most 2147483647 pixels, got " + std::to_string(taps));
  return taps <= kMostByteTaps ? max_pool<std::uint8_t>(x, g) : max_pool<std::int32_t>(x, g);
}

}  // namespace weft
