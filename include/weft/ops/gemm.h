#pragma once

#include "weft/activation.h"
#include "weft/tensor.h"

namespace weft {
/// @addtogroup products
/// @{

/// The product of gemm_ and what is done with it.
struct GemmOptions {
  bool transpose_a = false;                  ///< a is stored [k, m]
  bool transpose_b = false;                  ///< b is stored [n, k]
  double alpha = 1;                          ///< scales the product
  double beta = 0;                           ///< 0: c is not read
  Tensor bias = {};                          ///< [n], added to every row; undefined: none
  Activation activation = Activation::none;  ///< applied last, to all of the right side
  double slope = kLeakySlope;                ///< of leaky_relu
};

/// c = activation(alpha op(a) op(b) + beta c + bias), in place, for op(a) [m, k], op(b) [k, n], c [m, n]; float32,
/// and float64 on the CPU. Not recorded. Throws ShapeError where shapes, dtypes or devices differ.
void gemm_(Tensor& c, const Tensor& a, const Tensor& b, const GemmOptions& options = {});

/// op(a) op(b), recorded.
Tensor matmul(const Tensor& a, const Tensor& b, bool transpose_a = false, bool transpose_b = false);

/// activation(x weightᵀ + bias) for x [rows, inputs], weight [outputs, inputs], bias [outputs] or
/// undefined; recorded. Bias and activation are applied where the product is written: no further pass.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
              Activation activation = Activation::none, double slope = kLeakySlope);

/// @}
}  // namespace weft
