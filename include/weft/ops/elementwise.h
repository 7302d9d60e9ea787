#pragma once

#include "weft/tensor.h"

namespace weft {

/// y += alpha x, in place, not recorded; same shape, dtype, device.
void add_scaled_(Tensor& y, const Tensor& x, double alpha = 1);

/// x times a scalar that lives on the same device; recorded for x only.
Tensor multiply(const Tensor& x, const Tensor& scalar);

/// Every element becomes `value`.
void fill_(Tensor& x, double value);

}  // namespace weft
