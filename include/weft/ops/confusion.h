#pragma once

#include "weft/tensor.h"

namespace weft {
/// @addtogroup reductions
/// @{

/// counts[label][answer] += 1 for each row of scores [n, classes], float32, or float64 on the CPU: the confusion
/// matrix of a classifier. counts is int32 [classes, classes], labels int32 [n]. The answer is what argmax gives:
/// the first of equals, the first NaN of any. A row whose label is not in 0..classes-1 is left out. Not recorded.
/// Throws ShapeError for no classes. Does not synchronise.
void add_confusion_(Tensor& counts, const Tensor& scores, const Tensor& labels);

/// @}
}  // namespace weft
