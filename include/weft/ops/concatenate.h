#pragma once

#include <vector>

#include "weft/tensor.h"

namespace weft {
/// @addtogroup rearranging
/// @{

/// The parts one behind the other along `axis`: PyTorch's cat. Rank 1 or more; a negative axis counts from the
/// end; all other extents are equal, and so are dtype and device. float32, float64 on the CPU, recorded; int32
/// and uint8, not recorded. Parts may be empty along the axis, also the only one; the result is always a copy.
/// Throws ShapeError for no parts, or parts that do not fit. Does not synchronise. The way back: Tensor::rows.
Tensor concatenate(const std::vector<Tensor>& parts, int axis);

/// @}
}  // namespace weft
