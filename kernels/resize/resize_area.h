#pragma once

#include <cstdint>

#include "weft/stream.h"

namespace weft::kernels {

/// out[n, p, q, c] = the mean of the part of images [n, h, w, c] that pixel (p, q) of p x q covers, weighted by
/// area. Source is uint8 or float. h, w, p and q are 1 to 2^30.
template <class Source>
void resize_area(const Source* images, float* out, std::int64_t n, std::int64_t h, std::int64_t w,
                 std::int64_t c, std::int64_t p, std::int64_t q, StreamView stream);

}  // namespace weft::kernels
