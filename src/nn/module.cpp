#include <algorithm>
#include <string>
#include <utility>

#include "weft/error.h"
#include "weft/nn/module.h"

namespace weft::nn {

std::vector<Tensor> Module::parameters() const {
  std::vector<Tensor> all;
  for (auto& [name, parameter] : named_parameters()) all.push_back(parameter);
  return all;
}

std::int64_t Module::parameter_count() const {
  std::int64_t count = 0;
  for (const auto& [name, parameter] : named_parameters()) count += parameter.size();
  return count;
}

void Module::to(Device device) {
  for (auto& [name, tensor] : named_state()) {
    const Tensor gradient = tensor.grad();
    const Tensor moved_gradient = gradient.defined() ? gradient.to(device) : Tensor();
    tensor.set_data(tensor.to(device));
    tensor.set_grad(moved_gradient);  // also of one that is frozen now
  }
}

NamedTensors Module::named_state() const {
  NamedTensors all = named_parameters();
  for (auto& buffer : named_buffers()) all.push_back(std::move(buffer));
  return all;
}

void Module::load(const NamedTensors& tensors) {
  NamedTensors own = named_state();
  std::vector<const Tensor*> sources(own.size());
  for (const auto& [name, tensor] : tensors) {
    const auto match = std::find_if(own.begin(), own.end(),
                                    [&](const auto& parameter) { return parameter.first == name; });
    if (match == own.end())
      throw ShapeError("load: expected only the model's parameters, got " + name);
    const Tensor& parameter = match->second;
    if (!tensor.defined())
      throw ShapeError("load: expected " + name + " to be " + name_of(parameter.dtype()) + " " +
                       parameter.shape().to_string() + ", got an undefined tensor");
    if (tensor.shape() != parameter.shape() || tensor.dtype() != parameter.dtype())
      throw ShapeError("load: expected " + name + " to be " + name_of(parameter.dtype()) + " " +
                       parameter.shape().to_string() + ", got " + name_of(tensor.dtype()) + " " +
                       tensor.shape().to_string());
    const Tensor*& source = sources[static_cast<std::size_t>(match - own.begin())];
    if (source != nullptr)
      throw ShapeError("load: expected each parameter once, got " + name + " twice");
    source = &tensor;
  }
  for (std::size_t i = 0; i < own.size(); ++i)
    if (sources[i] == nullptr)
      throw ShapeError("load: expected the parameter " + own[i].first + ", got none");
  std::vector<Tensor> values;  // copies of what a parameter before it would overwrite
  for (std::size_t i = 0; i < own.size(); ++i) {
    const bool is_overwritten =
        std::any_of(own.begin(), own.begin() + static_cast<std::ptrdiff_t>(i),
                    [&](const auto& before) { return overlap(*sources[i], before.second); });
    values.push_back(is_overwritten ? sources[i]->clone() : *sources[i]);
  }
  for (std::size_t i = 0; i < own.size(); ++i) own[i].second.copy_from(values[i]);
}

}  // namespace weft::nn
