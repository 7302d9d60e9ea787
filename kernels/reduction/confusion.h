#pragma once

#include <cstdint>

#include "weft/stream.h"

namespace weft::kernels {

/// counts[labels[r], argmax of row r] += 1 for scores [rows, classes], labels [rows], counts [classes, classes],
/// classes >= 1; rows whose label is not in 0..classes-1 are left out.
void add_confusion(const float* scores, const std::int32_t* labels, std::int32_t* counts,
                   std::int64_t rows, std::int64_t classes, StreamView stream);

}  // namespace weft::kernels
