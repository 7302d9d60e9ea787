#pragma once

#include <optional>

#include "weft/tensor.h"
#include "weft/window.h"

namespace weft {
/// @addtogroup pooling
/// @{

// Pooling of images x [n, h, w, c] to [n, p, q, c], with PyTorch's names and meanings; padding is the same on
// opposite sides. float32, or float64 on the CPU. None of these synchronises; all are recorded.

/// The largest of each window's pixels, where padding is none; a stride that is not given is the window. NaN
/// in a window gives NaN. The gradient of a result goes to one pixel: the first of equals in row-major order,
/// the first NaN of any. The same input gives the same bits: windows that overlap are summed in fixed order.
/// Throws ShapeError where x has no pixels, a window does not fit or covers padding alone, or the padding is
/// more than half the window.
Tensor max_pool2d(const Tensor& x, Size2d window, std::optional<Size2d> stride = {},
                  Size2d padding = 0, Size2d dilation = 1);

/// The mean of each window's pixels; padding counts as zeros, or where `count_include_pad` is false not at
/// all. A stride that is not given is the window. Throws ShapeError as max_pool2d does.
Tensor avg_pool2d(const Tensor& x, Size2d window, std::optional<Size2d> stride = {},
                  Size2d padding = 0, bool count_include_pad = true);

/// The means of `output` windows of nearly equal size that cover the image: window i of p takes the rows
/// floor(i h / p) to ceil((i + 1) h / p) - 1. Throws ShapeError where x has no pixels or `output` an extent
/// under 1 (or beyond 2^30).
Tensor adaptive_avg_pool2d(const Tensor& x, Size2d output);

/// The mean of all pixels: [n, c]. Throws ShapeError where x has no pixels.
Tensor global_avg_pool2d(const Tensor& x);

/// @}
}  // namespace weft
