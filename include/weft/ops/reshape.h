#pragma once

#include "weft/tensor.h"

namespace weft {
/// @addtogroup rearranging
/// @{

/// The axes from `start_axis` on made one: PyTorch's flatten, which with 1 leaves the samples of a batch apart.
/// A negative axis counts from the end; a scalar has axis 0, and becomes [1]. Any dtype, empty tensors too. A
/// view, recorded, as Tensor::reshape is. Throws ShapeError where there is no such axis. Does not synchronise.
Tensor flatten(const Tensor& x, int start_axis = 1);

/// @}
}  // namespace weft
