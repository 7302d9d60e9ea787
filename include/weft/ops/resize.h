#pragma once

#include "weft/tensor.h"
#include "weft/window.h"

namespace weft {
/// @addtogroup rearranging
/// @{

/// Images [n, h, w, c] or [n, h, w] brought to size.h x size.w pixels, each the mean of the rectangle that it
/// covers in the input, weighted by area: OpenCV's INTER_AREA for shrinking, and the same formula for enlarging.
/// Any factors, such as 28 -> 16. uint8, in its scale of 0..255, or float32 -> float32; float64 -> float64 on the
/// CPU. Not recorded: a step of preparing data. The mean of an image is kept, up to rounding, and a constant image
/// stays what it was, to the bit. A rectangle with a NaN or an infinity gives no finite number. Throws ShapeError
/// for images without pixels, and for extents under 1 or over 2^30. Does not synchronise.
Tensor resize_area(const Tensor& images, Size2d size);

/// @}
}  // namespace weft
