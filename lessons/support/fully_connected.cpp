#include "support/fully_connected.h"

#include "support/text.h"
#include "weft/ops/gemm.h"

namespace lessons {

using namespace weft;

FullyConnected::FullyConnected(const std::vector<std::int64_t>& sizes, Activation function,
                               Generator& generator)
    : activation(function) {
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i)
    layers.emplace_back(sizes[i], sizes[i + 1], generator);
}

std::vector<Tensor> FullyConnected::outputs(const Tensor& x) const {
  std::vector<Tensor> outputs;
  for (const nn::Linear& layer : layers) {
    const bool is_last = outputs.size() + 1 == layers.size();
    // activation(input weightᵀ + bias) as one op.
    outputs.push_back(linear(outputs.empty() ? x : outputs.back(), layer.weight, layer.bias,
                             is_last ? Activation::none : activation));
  }
  return outputs;
}

nn::NamedTensors FullyConnected::named_parameters() const {
  nn::NamedTensors parameters;
  for (std::size_t i = 0; i < layers.size(); ++i)  // an activation stands between two
    for (const auto& [name, tensor] : layers[i].named_parameters())
      parameters.emplace_back(std::to_string(2 * i) + "." + name, tensor);
  return parameters;
}

std::string sizes_of(const FullyConnected& network) {
  std::string sizes = std::to_string(network.layers.front().weight.size(1));
  for (const nn::Linear& layer : network.layers)
    sizes += "-" + std::to_string(layer.weight.size(0));
  return sizes;
}

std::string describe(const FullyConnected& network) {
  return sizes_of(network) + ", " + grouped(network.parameter_count()) + " parameters";
}

}  // namespace lessons
