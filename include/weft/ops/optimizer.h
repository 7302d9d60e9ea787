#pragma once

#include "weft/tensor.h"

namespace weft {
/// @addtogroup updates
/// @{

// Updates over flat tensors of equal size, one launch each; every one of them ends with gradients = 0.
// Not recorded. They throw ShapeError where sizes, dtypes or devices differ.

/// values -= lr gradients.
void sgd_(Tensor& values, Tensor& gradients, double lr);

/// velocity = momentum velocity + gradients; values -= lr velocity, or with nesterov values -= lr
/// (gradients + momentum velocity). Velocities start as 0. Sutskever et al., ICML 2013, in PyTorch's form.
void sgd_momentum_(Tensor& values, Tensor& gradients, Tensor& velocities, double lr,
                   double momentum, bool nesterov);

/// The settings of adam_.
struct AdamOptions {
  double lr = 0.001;      ///< the learning rate, > 0
  double beta1 = 0.9;     ///< of the first moment, in [0, 1)
  double beta2 = 0.999;   ///< of the second moment, in [0, 1)
  double epsilon = 1e-8;  ///< added to the root
};

/// m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g²; values -= lr m' / (sqrt(v') + epsilon) with
/// m' = m / (1 - beta1^t), v' = v / (1 - beta2^t). `step` is an int32 scalar on the same device that
/// counts the updates (t after this one); it stays there, so that a captured update goes on counting.
/// Kingma, Ba, ICLR 2015.
void adam_(Tensor& values, Tensor& gradients, Tensor& first_moments, Tensor& second_moments,
           Tensor& step, const AdamOptions& options);

/// x *= min(1, max_norm / (norm + 1e-6)), in place, for a scalar norm that lies on x's device, as l2_norm
/// gives it: nothing waits for it. A norm of NaN makes x NaN; an infinite one, or one that
/// overflowed, makes finite elements 0. Throws ShapeError unless max_norm > 0.
void clip_to_norm_(Tensor& x, const Tensor& norm, double max_norm);

/// @}
}  // namespace weft
