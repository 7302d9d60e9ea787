#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "weft/tensor.h"

namespace weft::nn {
/// @addtogroup nn
/// @{

/// Tensors with their names in a module, in its order.
using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

/// A layer or a network: parameters, a forward function, and the mode it is in. Names follow PyTorch
/// ("0.weight").
class Module {
 public:
  virtual ~Module() = default;
  /// The output for a batch x, recorded. Throws ShapeError where x does not fit. Does not synchronise.
  virtual Tensor forward(const Tensor& x) = 0;
  /// What is trained.
  virtual NamedTensors named_parameters() const { return {}; }
  /// What a layer keeps but does not train.
  virtual NamedTensors named_buffers() const { return {}; }

  Tensor operator()(const Tensor& x) { return forward(x); }  ///< forward
  std::vector<Tensor> parameters() const;                    ///< named_parameters, without names
  std::int64_t parameter_count() const;                      ///< elements of all parameters
  void to(Device device);  ///< moves parameters and buffers; every handle to them follows

  /// Training, where a module starts, or evaluation: what dropout and batch norm ask.
  virtual void train(bool on = true) { is_training_ = on; }
  void eval() { train(false); }                      ///< evaluation
  bool is_training() const { return is_training_; }  ///< the mode it is in

  /// Parameters and buffers: what a file of the model holds.
  NamedTensors named_state() const;

  /// Copies values by name from `tensors`, which are those of named_state(). Throws ShapeError, before anything is
  /// copied, where a name is missing or unknown or a shape differs.
  void load(const NamedTensors& tensors);

 private:
  bool is_training_ = true;
};

/// Puts a module in evaluation until the end of the scope, then in the mode that it was in itself.
class EvaluationMode {
 public:
  /// Evaluation from here on.
  explicit EvaluationMode(Module& module) : module_(module), was_training_(module.is_training()) {
    module_.eval();
  }
  ~EvaluationMode() { module_.train(was_training_); }  ///< the mode before
  EvaluationMode(const EvaluationMode&) = delete;
  EvaluationMode& operator=(const EvaluationMode&) = delete;

 private:
  Module& module_;
  bool was_training_;
};

class Sequential;

/// What a Sequential is made of: one module or several. One Sequential alone is not wrapped.
template <class... Types>
concept Layers = sizeof...(Types) > 0 &&
                 (std::is_base_of_v<Module, std::remove_cvref_t<Types>> && ...) &&
                 !(sizeof...(Types) == 1 &&
                   (std::is_same_v<Sequential, std::remove_cvref_t<Types>> && ...));

/// Runs its modules one after the other: Sequential{Linear(2, 3, g), Linear(3, 1, g)}, in braces, so that they
/// draw from g in this order on every compiler. One Sequential alone is copied, not wrapped; copies share
/// their modules.
class Sequential : public Module {
 public:
  /// Takes each module by copy or move. A copy of a layer shares its parameters.
  template <class... Modules>
  requires Layers<Modules...>
  explicit Sequential(Modules&&... modules) {
    (modules_.push_back(
         std::make_shared<std::remove_cvref_t<Modules>>(std::forward<Modules>(modules))),
     ...);
  }
  Tensor forward(const Tensor& x) override;
  NamedTensors named_parameters() const override;
  NamedTensors named_buffers() const override;
  void train(bool on = true) override;                  ///< and all its modules
  std::size_t size() const { return modules_.size(); }  ///< modules
  Module& operator[](std::size_t i);  ///< throws ShapeError where there is no module i

 private:
  friend Sequential fuse(const Sequential& layers);

  std::vector<std::shared_ptr<Module>> modules_;
};

/// The same network with neighbouring layers computed as one op: Linear or Conv2d and the activation behind it,
/// BatchNorm and ReLU, and Conv2d, ReLU and MaxPool2d(2). The layers are shared, so parameters and their names stay what they
/// are; it gives the same numbers, up to the rounding of sums.
Sequential fuse(const Sequential& layers);

/// @}
}  // namespace weft::nn
