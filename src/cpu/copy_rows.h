#pragma once

#include <cstdint>

namespace weft::cpu {

/// to[r, i] (+)= from[r, i] for i < length, where row r starts at from + r from_stride and to + r to_stride, both
/// strides at least `length`. `add` adds to what is there. T is float, double, int32 or uint8.
template <class T>
void copy_rows(const T* from, std::int64_t from_stride, T* to, std::int64_t to_stride, bool add,
               std::int64_t rows, std::int64_t length);

}  // namespace weft::cpu
