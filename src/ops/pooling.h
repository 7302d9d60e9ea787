#pragma once

#include "weft/tensor.h"
#include "weft/window.h"

namespace weft::ops {

// Both throw ShapeError where x is no batch of floating images [n, h, w, c] of at least one pixel each.

/// window_geometry, and a padding of at most half the window; every window covers a pixel.
WindowGeometry pooling_geometry(const char* op, const Tensor& x, Size2d window, Size2d stride,
                                Size2d padding, Size2d dilation);

/// `output` windows that are nearly equal parts of the image: only the extents of the result mean anything.
WindowGeometry parts_geometry(const char* op, const Tensor& x, Size2d output);

}  // namespace weft::ops
