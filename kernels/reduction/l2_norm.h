#pragma once

#include <cstdint>

#include "weft/stream.h"

namespace weft::kernels {

/// Floats of workspace that l2_norm needs for so many elements.
std::int64_t l2_norm_blocks(std::int64_t size);

/// norm[0] = the square root of the sum of squares of x [size], 0 for nothing.
void l2_norm(const float* x, float* workspace, float* norm, std::int64_t size, StreamView stream);

/// x *= min(1, max_norm / (norm[0] + 1e-6)), for x [size]; a norm of NaN makes it NaN.
void clip_to_norm(float* x, const float* norm, float max_norm, std::int64_t size,
                  StreamView stream);

}  // namespace weft::kernels
