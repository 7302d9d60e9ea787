#pragma once

#include <cstdint>

#include "weft/activation.h"
#include "weft/tensor.h"
#include "weft/window.h"

namespace weft {
/// @addtogroup convolution
/// @{

/// How a convolution is computed. `direct`: a loop over the taps; on the gpu a kernel for 1 to 4 channels, with
/// implicit_gemm for its gradients. `im2col`: the matrix of all windows is written, then multiplied: the one
/// to read. `implicit_gemm`: the same product, the matrix made piece by piece on the chip. All give the same
/// numbers up to rounding. `automatic`: direct where it fits on the gpu, else implicit_gemm.
enum class ConvolutionMethod : std::uint8_t { automatic, direct, im2col, implicit_gemm };

/// The windows of a convolution and what is done with its sums.
struct Conv2dOptions {
  Size2d stride = 1;                                        ///< pixels from window to window
  Size2d padding = 0;                                       ///< zeros on every side
  Size2d dilation = 1;                                      ///< pixels from tap to tap
  Activation activation = Activation::none;                 ///< applied where the result is written
  double slope = kLeakySlope;                               ///< of leaky_relu
  ConvolutionMethod method = ConvolutionMethod::automatic;  ///< how it is computed
};

/// activation(x * weight + bias), as PyTorch's conv2d (a cross-correlation), for images x [n, h, w, c], weight [k, r, s, c],
/// bias [k] or undefined; the result is [n, p, q, k] with p = (h + 2 padding - dilation (r - 1) - 1) / stride + 1.
/// float32, or float64 on the CPU; recorded. Sums are made in a fixed order. Throws ShapeError where shapes,
/// dtypes or devices do not fit, for a window larger than the padded image, and for 2^30 pixels or more.
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
              const Conv2dOptions& options = {});

/// max_pool2d(relu(conv2d(x, weight, bias)), 2) as one op that never keeps the map between them: one launch on the gpu for 1 to 4
/// channels; in a cache on the CPU. The gradients come from the places alone that a maximum was taken from: of the weights on
/// the gpu, of weights and x on the CPU for multiples of 16 channels. Else, and with another method than automatic or
/// direct, those ops one by one. [n, p/2, q/2, k]; recorded. Throws as conv2d, and for a map under 2x2.
Tensor conv2d_relu_max_pool(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
                            const Conv2dOptions& options = {});

/// The pixels under every place of a window, one place a row, [n p q, r s c], zeros in the padding; recorded:
/// PyTorch's unfold, for channels last. Throws ShapeError as conv2d.
Tensor im2col(const Tensor& x, Size2d window, Size2d stride = 1, Size2d padding = 0,
              Size2d dilation = 1);

/// @}
}  // namespace weft
