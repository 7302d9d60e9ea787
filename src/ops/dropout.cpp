#include "weft/ops/dropout.h"

#include <cmath>
#include <string>

#include "kernels/dropout/dropout.h"
#include "src/cpu/dropout.h"
#include "src/ops/check.h"
#include "src/ops/profile_scope.h"
#include "weft/autograd.h"
#include "weft/stream.h"

namespace weft {
namespace {

/// What forward and backward share.
struct Rule {
  std::uint32_t dropped;  // of the 2^24 numbers of unit_interval: those below p
  double scale;
  RandomKey key;

  Rule(double p, RandomKey key_of_draw)
      : dropped(static_cast<std::uint32_t>(std::ceil(p * 0x1p24))),
        scale(p < 1 ? 1 / (1 - p) : 0),
        key(key_of_draw) {}

  void operator()(const Tensor& from, const Tensor& to, bool add) const {
    if (from.device() == Device::gpu)
      kernels::dropout(from.data<float>(), to.data<float>(), add, from.size(), dropped,
                       static_cast<float>(scale), key, current_stream());
    else
      ops::with_floating_type(from.dtype(), [&]<class T>() {
        cpu::dropout(from.data<T>(), to.data<T>(), add, from.size(), dropped, static_cast<T>(scale),
                     key);
      });
  }
};

}  // namespace

Tensor dropout(const Tensor& x, double p, RandomKey key) {
  const ops::ProfileScope scope("dropout", x.device());
  ops::require_floating("dropout", "x", x);
  if (!(p >= 0 && p <= 1))  // also NaN
    ops::fail("dropout", "expected a probability p of 0 to 1, got " + std::to_string(p));
  if (p == 0) return x;
  const Rule rule(p, key);
  const Tensor y = empty_like(x);
  rule(x, y, false);
  return record("dropout", y, {x}, [rule](const Tensor& dy, Gradients& gradients) {
    const ops::ProfileScope backward_scope("dropout backward", dy.device());
    const auto [dx, add] = gradients.target(0);
    rule(dy, dx, add);
  });
}

}  // namespace weft
