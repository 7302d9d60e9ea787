// Modules take the places of neighbouring layers that are computed as one op, so that the places of all others, and with
// them the names of their parameters, stay what they are.

#include <optional>
#include <typeinfo>
#include <utility>

#include "weft/nn/layers.h"
#include "weft/ops/convolution.h"
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

/// A layer and the functions behind it; the layer's parameters, buffers and mode are this module's.
class Fused : public Module {
 public:
  using Modules = std::vector<std::shared_ptr<Module>>;
  explicit Fused(Modules modules) : modules_(std::move(modules)) {}

  NamedTensors named_parameters() const override { return modules_[0]->named_parameters(); }
  NamedTensors named_buffers() const override { return modules_[0]->named_buffers(); }
  void train(bool on) override {
    Module::train(on);
    for (const auto& module : modules_) module->train(on);
  }

 protected:
  template <class Layer>
  Layer& layer() const {
    return static_cast<Layer&>(*modules_[0]);
  }
  Activation activation() const { return *activation_of(*modules_[1]); }
  double slope() const {
    return activation() == Activation::leaky_relu ? static_cast<LeakyReLU&>(*modules_[1]).slope
                                                  : kLeakySlope;
  }

 private:
  Modules modules_;
};

class LinearWithActivation : public Fused {
 public:
  using Fused::Fused;
  Tensor forward(const Tensor& x) override {
    const auto& linear_layer = layer<Linear>();
    return linear(x, linear_layer.weight, linear_layer.bias, activation(), slope());
  }
};

class ConvolutionWithActivation : public Fused {
 public:
  using Fused::Fused;
  Tensor forward(const Tensor& x) override {
    const auto& convolution = layer<Conv2d>();
    Conv2dOptions options = convolution.options();
    options.activation = activation();
    options.slope = slope();
    return conv2d(x, convolution.weight, convolution.bias, options);
  }
};

class ConvolutionReluMaxPool : public Fused {
 public:
  using Fused::Fused;
  Tensor forward(const Tensor& x) override {
    const auto& convolution = layer<Conv2d>();
    return conv2d_relu_max_pool(x, convolution.weight, convolution.bias, convolution.options());
  }
};

class BatchNormRelu : public Fused {
 public:
  using Fused::Fused;
  Tensor forward(const Tensor& x) override {
    return layer<BatchNorm>().forward(x, Activation::relu);
  }
};

/// Stands where a function stood.
class AlreadyApplied : public Module {
 public:
  Tensor forward(const Tensor& x) override { return x; }
};

bool halves(const Module& module) {
  if (!is_exactly<MaxPool2d>(module)) return false;
  const auto& pool = static_cast<const MaxPool2d&>(module);
  return pool.window == 2 && pool.stride == 2 && pool.padding == 0 && pool.dilation == 1;
}

/// How many of the modules from `first` on are one op, and what computes it; 1 and null: none.
std::pair<std::size_t, std::shared_ptr<Module>> find_fusion(const Fused::Modules& modules,
                                                            std::size_t first) {
  const auto next = [&](std::size_t i) -> Module* {
    return first + i < modules.size() ? modules[first + i].get() : nullptr;
  };
  const auto from = [&](std::size_t count) {
    const auto begin = modules.begin() + static_cast<std::ptrdiff_t>(first);
    return Fused::Modules(begin, begin + static_cast<std::ptrdiff_t>(count));
  };
  if (next(1) == nullptr || !activation_of(*next(1))) return {1, nullptr};
  const bool is_relu = is_exactly<ReLU>(*next(1));
  if (is_exactly<Linear>(*next(0))) return {2, std::make_shared<LinearWithActivation>(from(2))};
  if (is_exactly<BatchNorm>(*next(0)) && is_relu)
    return {2, std::make_shared<BatchNormRelu>(from(2))};
  if (!is_exactly<Conv2d>(*next(0))) return {1, nullptr};
  if (is_relu && next(2) != nullptr && halves(*next(2)))
    return {3, std::make_shared<ConvolutionReluMaxPool>(from(3))};
  return {2, std::make_shared<ConvolutionWithActivation>(from(2))};
}

}  // namespace

Sequential fuse(const Sequential& layers) {
  Sequential fused = layers;
  auto& modules = fused.modules_;
  for (std::size_t i = 0; i < modules.size(); ++i) {
    if (is_exactly<Sequential>(*modules[i]))
      modules[i] = std::make_shared<Sequential>(fuse(static_cast<const Sequential&>(*modules[i])));
    const auto [count, op] = find_fusion(modules, i);
    if (op == nullptr) continue;
    modules[i] = op;
    for (std::size_t applied = 1; applied < count; ++applied)
      modules[++i] = std::make_shared<AlreadyApplied>();
  }
  return fused;
}

}  // namespace weft::nn
