#pragma once

#include <cstdint>

namespace weft::cpu {

/// out[n, p, q, c] = the mean of the part of images [n, h, w, c] that pixel (p, q) of p x q covers, weighted by
/// area. From uint8 or float to float, or from double to double. h, w, p and q are 1 to 2^30.
template <class Source, class T>
void resize_area(const Source* images, T* out, std::int64_t n, std::int64_t h, std::int64_t w,
                 std::int64_t c, std::int64_t p, std::int64_t q);

}  // namespace weft::cpu
