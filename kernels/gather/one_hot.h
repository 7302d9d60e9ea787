#pragma once

#include <cstdint>

#include "weft/stream.h"

namespace weft::kernels {

/// y[i, c] = 1 where c is labels[i], else 0; NaN throughout the row of a label outside 0..classes-1. labels
/// [count], y [count, classes].
void one_hot(const std::int32_t* labels, float* y, std::int64_t count, std::int64_t classes,
             StreamView stream);

}  // namespace weft::kernels
