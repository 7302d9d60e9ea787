#include <string>

#include "weft/nn.h"

namespace weft::nn {

Tensor Sequential::forward(const Tensor& x) {
  Tensor y = x;
  for (const std::shared_ptr<Module>& module : modules_) y = module->forward(y);
  return y;
}

NamedTensors Sequential::named_parameters() const {
  NamedTensors all;
  for (std::size_t i = 0; i < modules_.size(); ++i)
    for (auto& [name, parameter] : modules_[i]->named_parameters())
      all.emplace_back(std::to_string(i) + "." + name, parameter);
  return all;
}

}  // namespace weft::nn
