#pragma once

#include "weft/activation.h"
#include "weft/tensor.h"

namespace weft {

struct BatchNormOptions {
  bool training = true;
  double momentum = 0.1;  // the share of the new value in the running one
  double epsilon = 1e-5;
  Activation activation = Activation::none;  // none or relu, in the same pass
};

/// (x - mean) / sqrt(variance + epsilon) * weight + bias of each channel (Ioffe and Szegedy, ICML 2015), PyTorch's
/// semantics: x [.., c] of rank >= 2, float32, or float64 on the CPU; weight, bias [c], undefined 1 and 0.
/// Training takes mean and biased variance over the rows, two at least, and moves the running values [c], both
/// undefined or both not, in place: (1 - momentum) running + momentum value, with the unbiased variance. Else it
/// takes the running values. Recorded for x, weight and bias. A NaN or an infinity in a channel makes all of it
/// NaN in training. Throws ShapeError on other shapes, dtypes, devices or activations, or a negative epsilon.
/// Does not synchronise.
Tensor batch_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, Tensor& running_mean,
                  Tensor& running_variance, const BatchNormOptions& options = {});

}  // namespace weft
