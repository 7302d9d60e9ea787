#pragma once

#include <cstdint>
#include <span>

#include "src/cpu/vectors.h"

namespace weft::cpu {

/// out[i, lane] += sum over t of x[rows[i] + terms[t]] panel[t].of[lane], for the first `lanes` of each row of out [rows,
/// stride]. A product of matrices whose left one is read through offsets, so that the windows of an image are
/// never copied into a matrix: forward its rows are places and its terms are taps, for the gradient of the
/// weights the other way round. Runs on the calling thread; sums are made in a fixed order.
template <class T>
void window_product(const T* x, std::span<const std::int64_t> rows,
                    std::span<const std::int64_t> terms, const Line<T>* panel, T* out,
                    std::int64_t stride, std::int64_t lanes);

}  // namespace weft::cpu
