#pragma once

#include "weft/tensor.h"
#include "weft/window.h"

namespace weft::ops {

/// The geometry of a window over x [n, h, w, c]. Throws ShapeError where x is of another rank, an extent of
/// the window, a stride or a dilation is under 1, a padding negative, the window larger than the padded
/// image, or an extent beyond 2^30.
WindowGeometry window_geometry(const char* op, const Tensor& x, Size2d window, Size2d stride,
                               Size2d padding, Size2d dilation);

}  // namespace weft::ops
