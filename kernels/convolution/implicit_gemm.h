#pragma once

#include "weft/activation.h"
#include "weft/stream.h"
#include "weft/window.h"

namespace weft::kernels {

/// A convolution, and its two gradients, of x [n, h, w, c] with weight [k, r, s, c] to y [n, p, q, k], as a
/// product whose im2col matrix is never made. `workspace` has as many floats as
/// conv2d_implicit_workspace says. All throw ShapeError for 2^30 pixels, or taps times channels, or more.
enum class ConvolutionPass { forward, backward_data, backward_weight };
std::int64_t conv2d_implicit_workspace(ConvolutionPass pass, const WindowGeometry& geometry,
                                       std::int64_t k);

/// y = activation(conv(x, weight) + bias); bias [k] or null.
void conv2d_implicit(const float* x, const float* weight, const float* bias, float* y,
                     float* workspace, const WindowGeometry& geometry, std::int64_t k,
                     Activation activation, float slope, StreamView stream);

/// dx (+)= the gradient of x.
void conv2d_implicit_backward_data(const float* dy, const float* weight, float* dx, bool add,
                                   float* workspace, const WindowGeometry& geometry, std::int64_t k,
                                   StreamView stream);

/// dweight (+)= the gradient of the weights.
void conv2d_implicit_backward_weight(const float* x, const float* dy, float* dweight, bool add,
                                     float* workspace, const WindowGeometry& geometry,
                                     std::int64_t k, StreamView stream);

}  // namespace weft::kernels
