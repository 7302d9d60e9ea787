#pragma once

#include "weft/activation.h"
#include "weft/tensor.h"

namespace weft::ops {

/// Throws where `slope` is negative or not finite: its sign would not follow from a result then.
void require_slope(const char* op, double slope);

/// dx (+)= dy f'(x), where y = f(x); all of one shape, dtype and device. `add` adds to what is there.
void activation_backward(const Tensor& y, const Tensor& dy, const Tensor& dx, bool add,
                         Activation activation, double slope);

}  // namespace weft::ops
