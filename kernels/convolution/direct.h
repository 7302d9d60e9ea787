#pragma once

#include <cstdint>

#include "weft/activation.h"
#include "weft/stream.h"
#include "weft/window.h"

namespace weft::kernels {

/// Whether the direct kernels take a convolution: 1 to 4 input channels, a block's pixels and weights within
/// 48 KiB of shared memory, and padded rows of at most 2^30 numbers.
bool conv2d_direct_fits(const WindowGeometry& geometry, std::int64_t k);

/// y = activation(conv(x, weight) + bias): x [n, h, w, c], weight [k, r, s, c], bias [k] or null, y [n, p, q, k].
void conv2d_direct(const float* x, const float* weight, const float* bias, float* y,
                   const WindowGeometry& geometry, std::int64_t k, Activation activation,
                   float slope, StreamView stream);

/// y [n, p/2, q/2, k] = the maxima over 2x2 squares of relu(conv(x, weight) + bias), in one launch; argmax, of the same
/// shape: which of a square's four it was, 0..3 by rows, the first of equals, NaN before all.
void conv2d_relu_max_pool(const float* x, const float* weight, const float* bias, float* y,
                          std::uint8_t* argmax, const WindowGeometry& geometry, std::int64_t k,
                          StreamView stream);

}  // namespace weft::kernels
