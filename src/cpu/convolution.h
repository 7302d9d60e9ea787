#pragma once

#include <cstdint>

#include "weft/activation.h"
#include "weft/window.h"

namespace weft::cpu {

/// y = activation(conv(x, weight) + bias): x [n, h, w, c], weight [k, r, s, c], bias [k] or null, y [n, p, q, k]; T is float or
/// double. Blocks of the im2col matrix that stay in a cache, each a product for BLAS: the matrix is never whole.
/// The bits do not depend on the number of threads, here and below.
template <class T>
void conv2d(const T* x, const T* weight, const T* bias, T* y, const WindowGeometry& geometry,
            std::int64_t k, Activation activation, T slope);

/// The same by its definition: a loop over the taps.
template <class T>
void conv2d_direct(const T* x, const T* weight, const T* bias, T* y, const WindowGeometry& geometry,
                   std::int64_t k, Activation activation, T slope);

/// dx (+)= the gradient of x.
template <class T>
void conv2d_backward_data(const T* dy, const T* weight, T* dx, bool add,
                          const WindowGeometry& geometry, std::int64_t k);

/// dweight (+)= the gradient of the weights.
template <class T>
void conv2d_backward_weight(const T* x, const T* dy, T* dweight, bool add,
                            const WindowGeometry& geometry, std::int64_t k);

/// y [n, p/2, q/2, k] = the maxima over 2x2 squares of relu(conv(x, weight) + bias); argmax, of the same shape: which of a
/// square's four it was, 0..3 by rows, the first of equals, NaN before all. The map before pooling stays in a
/// cache.
template <class T>
void conv2d_relu_max_pool(const T* x, const T* weight, const T* bias, T* y, std::uint8_t* argmax,
                          const WindowGeometry& geometry, std::int64_t k);

}  // namespace weft::cpu
