#pragma once

#include "weft/tensor.h"

namespace weft {

/// x times `scalar`, a tensor of one element that gets no gradient; recorded for x. Throws ShapeError
/// where dtypes or devices differ or `scalar` has more elements.
Tensor multiply(const Tensor& x, const Tensor& scalar);

/// y += alpha x, in place, not recorded; same shape, dtype, device.
void add_scaled_(Tensor& y, const Tensor& x, double alpha = 1);

/// Every element becomes `value`.
void fill_(Tensor& x, double value);

}  // namespace weft
