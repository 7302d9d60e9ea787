#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/batch_norm/batch_norm.h"

namespace weft::kernels {

/// Whether all rows of a slice fit into a block's shared memory, `arrays` of them at a time.
bool batch_norm_slice_fits(std::int64_t rows, int arrays, std::size_t shared_bytes);

/// batch_norm and batch_norm_backward by slices; one array is kept forward, two backward.
void batch_norm_slice(const BatchNormForward& p, StreamView stream);
void batch_norm_backward_slice(const BatchNormBackward& p, StreamView stream);

}  // namespace weft::kernels
