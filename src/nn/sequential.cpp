#include <string>

#include "weft/error.h"
#include "weft/nn/module.h"

namespace weft::nn {
namespace {

/// The tensors of all modules, each name behind its module's number.
NamedTensors numbered(const std::vector<std::shared_ptr<Module>>& modules,
                      NamedTensors (Module::*tensors)() const) {
  NamedTensors all;
  for (std::size_t i = 0; i < modules.size(); ++i)
    for (auto& [name, tensor] : (*modules[i].*tensors)())
      all.emplace_back(std::to_string(i) + "." + name, tensor);
  return all;
}

}  // namespace

Tensor Sequential::forward(const Tensor& x) {
  Tensor y = x;
  for (const std::shared_ptr<Module>& module : modules_) y = module->forward(y);
  return y;
}

NamedTensors Sequential::named_parameters() const {
  return numbered(modules_, &Module::named_parameters);
}

NamedTensors Sequential::named_buffers() const {
  return numbered(modules_, &Module::named_buffers);
}

Module& Sequential::operator[](std::size_t i) {
  if (i >= size())
    throw ShapeError("Sequential: expected the number of one of " + std::to_string(size()) +
                     " modules, got " + std::to_string(i));
  return *modules_[i];
}

void Sequential::train(bool on) {
  Module::train(on);
  for (const std::shared_ptr<Module>& module : modules_) module->train(on);
}

}  // namespace weft::nn
