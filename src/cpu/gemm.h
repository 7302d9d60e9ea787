#pragma once

#include <cstdint>

#include "weft/activation.h"

namespace weft::cpu {

/// c = activation(alpha op(a) op(b) + beta c + bias) for a [m, k] (transposed: [k, m]), b [k, n] (transposed:
/// [n, k]), c [m, n], bias [n] or null, added to every row; T is float or double. beta = 0: c is not
/// read; alpha = 0: a and b are not. The bits do not depend on the number of threads.
template <class T>
void gemm(const T* a, const T* b, const T* bias, T* c, std::int64_t m, std::int64_t n,
          std::int64_t k, bool transpose_a, bool transpose_b, T alpha, T beta,
          Activation activation, T slope);

}  // namespace weft::cpu
