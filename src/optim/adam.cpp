#include <cmath>
#include <string>

#include "weft/error.h"
#include "weft/optim.h"

namespace weft {
namespace {

// Before the parameters move.
const std::vector<Tensor>& checked(const std::vector<Tensor>& parameters,
                                   const AdamOptions& options) {
  if (!(options.lr > 0) || !std::isfinite(options.lr))
    throw ShapeError("Adam: expected a learning rate above 0, got " + std::to_string(options.lr));
  for (const double beta : {options.beta1, options.beta2})
    if (!(beta >= 0 && beta < 1))
      throw ShapeError("Adam: expected betas of 0 to below 1, got " + std::to_string(beta));
  if (!(options.epsilon >= 0) || !std::isfinite(options.epsilon))
    throw ShapeError("Adam: expected an epsilon of 0 or more, got " +
                     std::to_string(options.epsilon));
  return parameters;
}

}  // namespace

Adam::Adam(const std::vector<Tensor>& parameters, AdamOptions options)
    : Optimizer(checked(parameters, options)),
      options_(options),
      first_moments_(zeros_like(values_)),
      second_moments_(zeros_like(values_)),
      step_(zeros({}, DType::int32, values_.device())) {}

void Adam::step() {
  collect();
  adam_(values_, gradients_, first_moments_, second_moments_, step_, options_);
}

std::vector<Tensor> Adam::state() const { return {first_moments_, second_moments_, step_}; }

}  // namespace weft
