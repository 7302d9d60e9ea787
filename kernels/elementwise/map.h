#pragma once

#include <cstdint>

#include "weft/stream.h"

namespace weft::kernels {

// y = f(x), for x and y [size]; they may be the same array.

/// scale x + shift
void affine(const float* x, float* y, std::int64_t size, float scale, float shift,
            StreamView stream);
/// x / divisor
void divide_by(const float* x, float* y, std::int64_t size, float divisor, StreamView stream);
void exp(const float* x, float* y, std::int64_t size, StreamView stream);
void log(const float* x, float* y, std::int64_t size, StreamView stream);
void sqrt(const float* x, float* y, std::int64_t size, StreamView stream);
void square(const float* x, float* y, std::int64_t size, StreamView stream);

}  // namespace weft::kernels
