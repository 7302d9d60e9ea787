#include <cmath>
#include <string>

#include "weft/error.h"
#include "weft/ops/optimizer.h"
#include "weft/optim.h"

namespace weft {
namespace {

const std::vector<Tensor>& checked(const std::vector<Tensor>& parameters,
                                   const SgdOptions& options) {
  if (!(options.lr > 0) || !std::isfinite(options.lr))
    throw ShapeError("Sgd: expected a learning rate above 0, got " + std::to_string(options.lr));
  if (!(options.momentum >= 0 && options.momentum < 1))
    throw ShapeError("Sgd: expected a momentum of 0 to below 1, got " +
                     std::to_string(options.momentum));
  if (options.nesterov && options.momentum == 0)
    throw ShapeError("Sgd: expected a momentum above 0 with nesterov, got 0");
  return parameters;
}

}  // namespace

// Checked before the parameters move.
Sgd::Sgd(const std::vector<Tensor>& parameters, SgdOptions options)
    : Optimizer(checked(parameters, options)), options_(options) {
  if (options.momentum > 0) velocities_ = zeros_like(values_);
}

void Sgd::step() {
  collect();
  if (options_.momentum > 0)
    sgd_momentum_(values_, gradients_, velocities_, options_.lr, options_.momentum,
                  options_.nesterov);
  else
    sgd_(values_, gradients_, options_.lr);
}

std::vector<Tensor> Sgd::state() const {
  return velocities_.defined() ? std::vector<Tensor>{velocities_} : std::vector<Tensor>{};
}

}  // namespace weft
