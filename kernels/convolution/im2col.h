#pragma once

#include "weft/stream.h"
#include "weft/window.h"

namespace weft::kernels {

/// columns[(n, p, q), (i, j, c)] = the pixel of x [n, h, w, c] under tap (i, j) at place (p, q), 0 in the padding;
/// columns is [n p q, r s c]. Throws ShapeError for 2^30 rows, or columns, or more.
void im2col(const float* x, float* columns, const WindowGeometry& geometry, StreamView stream);

/// The transpose of it, im2col's backward: dx (+)= for each pixel of x the sum of its copies in columns, in the
/// order of the taps.
void col2im(const float* columns, float* dx, bool add, const WindowGeometry& geometry,
            StreamView stream);

}  // namespace weft::kernels
