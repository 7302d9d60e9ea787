// Two modules take the places of a Linear and of the activation behind it, so that the places of all others,
// and with them the names of their parameters, stay what they are.

#include <optional>
#include <typeinfo>
#include <utility>

#include "weft/nn.h"
#include "weft/ops/gemm.h"

namespace weft::nn {
namespace {

template <class Layer>
bool is_exactly(const Module& module) {  // a class derived from it may have a forward of its own
  return typeid(module) == typeid(Layer);
}

std::optional<Activation> activation_of(const Module& module) {
  if (is_exactly<Sigmoid>(module)) return Activation::sigmoid;
  if (is_exactly<Tanh>(module)) return Activation::tanh;
  if (is_exactly<ReLU>(module)) return Activation::relu;
  if (is_exactly<LeakyReLU>(module)) return Activation::leaky_relu;
  return std::nullopt;
}

class LinearWithActivation : public Module {
 public:
  LinearWithActivation(std::shared_ptr<Module> layer, std::shared_ptr<Module> function)
      : layer_(std::move(layer)), function_(std::move(function)) {}

  Tensor forward(const Tensor& x) override {
    const auto& layer = static_cast<const Linear&>(*layer_);
    const Activation activation = *activation_of(*function_);
    const double slope = activation == Activation::leaky_relu
                             ? static_cast<const LeakyReLU&>(*function_).slope
                             : kLeakySlope;
    return linear(x, layer.weight, layer.bias, activation, slope);
  }
  NamedTensors named_parameters() const override { return layer_->named_parameters(); }

 private:
  std::shared_ptr<Module> layer_, function_;
};

/// Stands where the activation stood.
class AlreadyApplied : public Module {
 public:
  Tensor forward(const Tensor& x) override { return x; }
};

}  // namespace

Sequential fuse(const Sequential& layers) {
  Sequential fused = layers;
  auto& modules = fused.modules_;
  for (std::size_t i = 0; i < modules.size(); ++i) {
    if (is_exactly<Sequential>(*modules[i]))
      modules[i] = std::make_shared<Sequential>(fuse(static_cast<const Sequential&>(*modules[i])));
    if (i + 1 == modules.size() || !is_exactly<Linear>(*modules[i]) ||
        !activation_of(*modules[i + 1]))
      continue;
    modules[i] = std::make_shared<LinearWithActivation>(modules[i], modules[i + 1]);
    modules[++i] = std::make_shared<AlreadyApplied>();
  }
  return fused;
}

}  // namespace weft::nn
