#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "weft/activation.h"
#include "weft/ops/random.h"
#include "weft/tensor.h"

namespace weft::nn {

using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

/// A layer or a network: parameters and a forward function. Names follow PyTorch ("0.weight").
class Module {
 public:
  virtual ~Module() = default;
  virtual Tensor forward(const Tensor& x) = 0;
  virtual NamedTensors named_parameters() const { return {}; }

  Tensor operator()(const Tensor& x) { return forward(x); }
  std::vector<Tensor> parameters() const;
  std::int64_t parameter_count() const;  // elements of all parameters
  void to(Device device);                // moves the parameters; every handle to them follows

  /// Copies values by name from `tensors`. Throws ShapeError, before anything is copied, where a name is
  /// missing or unknown or a shape differs.
  void load(const NamedTensors& tensors);
};

/// y = x weightᵀ + bias: x [rows, in_features], weight [out_features, in_features], bias
/// [out_features]. Weights and bias start uniform in ±1/sqrt(in_features), PyTorch's default, drawn
/// on the CPU from two keys of the generator: weight first, then bias.
class Linear : public Module {
 public:
  Linear(std::int64_t in_features, std::int64_t out_features, Generator& generator,
         bool bias = true);
  Tensor forward(const Tensor& x) override;
  NamedTensors named_parameters() const override;

  Tensor weight;
  Tensor bias;  // undefined where there is none
};

/// Activation functions as layers; no parameters.
class Sigmoid : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};
class Tanh : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};
class ReLU : public Module {
 public:
  Tensor forward(const Tensor& x) override;
};
class LeakyReLU : public Module {
 public:
  explicit LeakyReLU(double slope = kLeakySlope);
  Tensor forward(const Tensor& x) override;

  double slope;
};

class Sequential;

/// What a Sequential is made of: one module or several. One Sequential alone is not wrapped.
template <class... Types>
concept Layers = sizeof...(Types) > 0 &&
                 (std::is_base_of_v<Module, std::remove_cvref_t<Types>> && ...) &&
                 !(sizeof...(Types) == 1 &&
                   (std::is_same_v<Sequential, std::remove_cvref_t<Types>> && ...));

/// Runs its modules one after the other: Sequential(Linear(2, 3, g), Linear(3, 1, g)). One Sequential
/// alone is copied, not wrapped; copies share their modules.
class Sequential : public Module {
 public:
  template <class... Modules>
  requires Layers<Modules...>
  explicit Sequential(Modules&&... modules) {
    (modules_.push_back(
         std::make_shared<std::remove_cvref_t<Modules>>(std::forward<Modules>(modules))),
     ...);
  }
  Tensor forward(const Tensor& x) override;
  NamedTensors named_parameters() const override;
  std::size_t size() const { return modules_.size(); }
  Module& operator[](std::size_t i) { return *modules_.at(i); }

 private:
  friend Sequential fuse(const Sequential& layers);

  std::vector<std::shared_ptr<Module>> modules_;
};

/// The same network with each Linear and the activation behind it computed as one op. The layers are
/// shared, so parameters and their names stay what they are; it gives the same numbers.
Sequential fuse(const Sequential& layers);

/// Starting values, in place. fan_in and fan_out of a weight [out, in, ...] are in * window and
/// out * window, where the window is the product of the remaining extents.
namespace init {
void constant_(Tensor& x, double value);
void uniform_(Tensor& x, double low, double high, Generator& generator);
void fan_in_uniform_(Tensor& x, std::int64_t fan_in, Generator& generator);  // ±1/sqrt(fan_in)
/// ±sqrt(6/(fan_in+fan_out)); Glorot, Bengio 2010.
void xavier_uniform_(Tensor& weight, Generator& generator);
/// ±sqrt(6/fan_in), for ReLU; He et al. 2015.
void kaiming_uniform_(Tensor& weight, Generator& generator);
void normal_(Tensor& x, double mean, double deviation, Generator& generator);
void xavier_normal_(Tensor& weight, Generator& generator);   // deviation sqrt(2/(fan_in+fan_out))
void kaiming_normal_(Tensor& weight, Generator& generator);  // deviation sqrt(2/fan_in)
}  // namespace init

}  // namespace weft::nn
