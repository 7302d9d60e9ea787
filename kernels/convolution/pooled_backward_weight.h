#pragma once

#include <cstdint>

#include "weft/stream.h"
#include "weft/window.h"

namespace weft::kernels {

/// Whether conv2d_pooled_backward_weight takes a convolution: what the direct kernels take, with at most 128
/// weights an output, and maps of at most 256 tiles of 16x16 places.
bool conv2d_pooled_backward_weight_fits(const WindowGeometry& geometry, std::int64_t k);

/// Floats of its workspace.
std::int64_t conv2d_pooled_backward_weight_workspace(const WindowGeometry& geometry,
                                                     std::int64_t k);

/// dweight [k, r, s, c] (+)= the gradient of the weights of a convolution whose map was pooled by 2x2: dy [n, p/2, q/2, k] is
/// the gradient of what each maximum was taken from, argmax [n, p/2, q/2, k] which of its square's four places.
void conv2d_pooled_backward_weight(const float* x, const float* dy, const std::uint8_t* argmax,
                                   float* dweight, bool add, float* workspace,
                                   const WindowGeometry& geometry, std::int64_t k,
                                   StreamView stream);

}  // namespace weft::kernels
