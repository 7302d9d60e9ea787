#pragma once

#include <cstdint>

#include "weft/philox.h"
#include "weft/stream.h"

namespace weft::kernels {

/// out[r] = scale source[order(begin + r)] + shift and out_labels[r] = labels[order(begin + r)], for
/// source [n, features] uint8 or float, labels [n, words], out [count, features], out_labels [count,
/// words]. Labels are copied as 4-byte words whatever they stand for: one of int32, or targets of float.
/// The caller sees to it that begin + count <= n, and that `order` is a bijection of 0..n-1.
template <class Source>
void gather_rows(const Source* source, const std::int32_t* labels, const Shuffle& order,
                 std::int64_t begin, float scale, float shift, float* out, std::int32_t* out_labels,
                 std::int64_t count, std::int64_t features, std::int64_t words, StreamView stream);

}  // namespace weft::kernels
