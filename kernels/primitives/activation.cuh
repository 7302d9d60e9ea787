#pragma once

// Activation functions of one number, for the activation kernels and the GEMM epilogue. Which one it is
// is the same for a whole launch, so the switch costs a uniform branch and no second kernel.

#include "weft/activation.h"
#include "weft/simt.h"

namespace weft::kernels {

/// f(x); NaN stays NaN. The sigmoid is exact to rounding at both ends: exp never overflows.
__device__ __forceinline__ float activated(Activation activation, float x, float slope) {
  switch (activation) {
    case Activation::sigmoid: {
      const float e = expf(-fabsf(x));
      return (x < 0.0f ? e : 1.0f) / (1.0f + e);
    }
    case Activation::tanh:
      return tanhf(x);
    case Activation::relu:
      return x <= 0.0f ? 0.0f : x;
    case Activation::leaky_relu:
      return x < 0.0f ? slope * x : x;
    default:
      return x;
  }
}

/// f'(x), from y = f(x) alone.
__device__ __forceinline__ float activation_derivative(Activation activation, float y,
                                                       float slope) {
  switch (activation) {
    case Activation::sigmoid:
      return y * (1.0f - y);
    case Activation::tanh:
      return 1.0f - y * y;
    case Activation::relu:
      return y <= 0.0f ? 0.0f : 1.0f;
    case Activation::leaky_relu:
      return y <= 0.0f ? slope : 1.0f;
    default:
      return 1.0f;
  }
}

__device__ __forceinline__ float4 activated(Activation activation, float4 x, float slope) {
  return make_float4(activated(activation, x.x, slope), activated(activation, x.y, slope),
                     activated(activation, x.z, slope), activated(activation, x.w, slope));
}

}  // namespace weft::kernels
