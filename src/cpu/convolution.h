#pragma once

#include <cstdint>

#include "weft/activation.h"
#include "weft/window.h"

namespace weft::cpu {

/// y = activation(conv(x, weight) + bias): x [n, h, w, c], weight [k, r, s, c], bias [k] or null, y [n, p, q, k]; T is float or
/// double. The product of all windows with the weights, without a matrix of the windows.
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

/// Whether the gradients of conv2d_relu_max_pool are made from the maxima alone: those of channels by whole cache lines.
bool conv2d_pooled_backward_fits(const WindowGeometry& geometry);

/// dx, and dweight, (+)= the gradients of a convolution whose map was pooled by 2x2: dy [n, p/2, q/2, k] is the gradient of
/// what each maximum was taken from, argmax [n, p/2, q/2, k] which of its square's four places. Places without a
/// gradient cost nothing.
template <class T>
void conv2d_pooled_backward_data(const T* dy, const std::uint8_t* argmax, const T* weight, T* dx,
                                 bool add, const WindowGeometry& geometry, std::int64_t k);
template <class T>
void conv2d_pooled_backward_weight(const T* x, const T* dy, const std::uint8_t* argmax, T* dweight,
                                   bool add, const WindowGeometry& geometry, std::int64_t k);

}  // namespace weft::cpu
