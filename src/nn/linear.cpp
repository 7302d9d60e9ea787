#include "weft/error.h"
#include "weft/nn/init.h"
#include "weft/nn/layers.h"
#include "weft/ops/gemm.h"

namespace weft::nn {

Linear::Linear(std::int64_t in_features, std::int64_t out_features, Generator& generator,
               bool has_bias) {
  if (in_features < 1 || out_features < 1)
    throw ShapeError("Linear: expected at least 1 input and 1 output, got " +
                     std::to_string(in_features) + " and " + std::to_string(out_features));
  weight = empty({out_features, in_features});
  init::fan_in_uniform_(weight, in_features, generator);
  weight.set_requires_grad();
  if (!has_bias) return;
  bias = empty({out_features});
  init::fan_in_uniform_(bias, in_features, generator);
  bias.set_requires_grad();
}

Tensor Linear::forward(const Tensor& x) { return linear(x, weight, bias); }

NamedTensors Linear::named_parameters() const {
  NamedTensors parameters{{"weight", weight}};
  if (bias.defined()) parameters.emplace_back("bias", bias);
  return parameters;
}

}  // namespace weft::nn
