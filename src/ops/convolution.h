#pragma once

#include "weft/autograd.h"
#include "weft/ops/convolution.h"
#include "weft/tensor.h"
#include "weft/window.h"

namespace weft::ops {

/// Checks a convolution's arguments, for `op`, and makes its geometry.
WindowGeometry convolution_geometry(const char* op, const Tensor& x, const Tensor& weight,
                                    const Tensor& bias, const Conv2dOptions& options);

/// target (+)= the gradient of x, and of the weights, from dy [n, p, q, k].
void conv2d_backward_data(const Tensor& dy, const Tensor& weight, const Gradients::Target& target,
                          const WindowGeometry& geometry);
void conv2d_backward_weight(const Tensor& x, const Tensor& dy, const Gradients::Target& target,
                            const WindowGeometry& geometry);

}  // namespace weft::ops
