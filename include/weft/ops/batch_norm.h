#pragma once

#include "weft/activation.h"
#include "weft/tensor.h"

namespace weft {
/// @addtogroup normalisation
/// @{

/// How batch_norm runs.
struct BatchNormOptions {
  bool training = true;                      ///< by the batch; false: by the running values
  double momentum = 0.1;                     ///< the share of the new value in the running one
  double epsilon = 1e-5;                     ///< added to the variance
  Activation activation = Activation::none;  ///< none or relu, in the same pass
};

/// (x - mean) / sqrt(variance + epsilon) weight + bias by channel (Ioffe and Szegedy, ICML 2015), as PyTorch has it,
/// for x [.., c] of rank >= 2, float32 or, on the CPU, float64; weight, bias [c], undefined: 1 and 0. Recorded.
/// Training takes mean and biased variance of all rows, two at least, and moves the running values [c] in place:
/// (1 - momentum) running + momentum value, with the unbiased variance. Both undefined: none are kept.
/// Evaluation takes the running values, and needs no rows. NaN stays in its channel, all of it in training; a
/// constant channel gives its bias (epsilon 0: NaN). Throws ShapeError on other shapes, dtypes, devices, activations,
/// epsilon under 0, momentum outside 0..1, and running values that share memory. Does not synchronise.
Tensor batch_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, Tensor& running_mean,
                  Tensor& running_variance, const BatchNormOptions& options = {});

/// @}
}  // namespace weft
