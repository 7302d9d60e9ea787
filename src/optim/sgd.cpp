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
  return parameters;
}

}  // namespace

// Checked before the parameters move.
Sgd::Sgd(const std::vector<Tensor>& parameters, SgdOptions options)
    : Optimizer(checked(parameters, options)), options_(options) {}

void Sgd::step() {
  collect();
  sgd_(values_, gradients_, options_.lr);
}

}  // namespace weft
