#pragma once

#include <cstdint>

#include "weft/window.h"

namespace weft::cpu {

/// columns[(n, p, q), (i, j, c)] = the pixel of x [n, h, w, c] under tap (i, j) at place (p, q), 0 in the padding;
/// columns is [n p q, r s c]; T is float or double.
template <class T>
void im2col(const T* x, T* columns, const WindowGeometry& geometry);

/// Rows first .. first + count - 1 of it alone, on the calling thread.
template <class T>
void im2col_rows(const T* x, T* columns, const WindowGeometry& geometry, std::int64_t first,
                 std::int64_t count);

/// The transpose of it, im2col's backward: dx (+)= for each pixel of x the sum of its copies in columns.
template <class T>
void col2im(const T* columns, T* dx, bool add, const WindowGeometry& geometry);

/// Adds the copies in rows first .. first + count - 1 to dx, on the calling thread.
template <class T>
void col2im_rows(const T* columns, T* dx, const WindowGeometry& geometry, std::int64_t first,
                 std::int64_t count);

}  // namespace weft::cpu
