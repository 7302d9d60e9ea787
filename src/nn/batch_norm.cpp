#include "weft/ops/batch_norm.h"

#include <string>

#include "weft/error.h"
#include "weft/nn/layers.h"

namespace weft::nn {

BatchNorm::BatchNorm(std::int64_t features, BatchNormSettings settings_) : settings(settings_) {
  if (features < 1)
    throw ShapeError("BatchNorm: expected at least 1 feature, got " + std::to_string(features));
  weight = full({features}, 1);
  bias = zeros({features});
  running_mean = zeros({features});
  running_var = full({features}, 1);
  batch_norm(zeros({0, features}), {}, {}, running_mean,
             running_var,  // refuses settings that are none
             {.training = false, .momentum = settings.momentum, .epsilon = settings.epsilon});
  weight.set_requires_grad();
  bias.set_requires_grad();
}

Tensor BatchNorm::forward(const Tensor& x, Activation activation) {
  return batch_norm(x, weight, bias, running_mean, running_var,
                    {.training = is_training(),
                     .momentum = settings.momentum,
                     .epsilon = settings.epsilon,
                     .activation = activation});
}

NamedTensors BatchNorm::named_parameters() const { return {{"weight", weight}, {"bias", bias}}; }

NamedTensors BatchNorm::named_buffers() const {
  return {{"running_mean", running_mean}, {"running_var", running_var}};
}

}  // namespace weft::nn
