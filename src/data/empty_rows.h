#pragma once

#include "weft/tensor.h"

namespace weft {

/// Uninitialised, shaped as `like` but with so many rows.
Tensor empty_rows(const Tensor& like, std::int64_t rows);

}  // namespace weft
