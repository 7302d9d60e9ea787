#pragma once

#include <vector>

#include "weft/ops/optimizer.h"
#include "weft/tensor.h"

namespace weft {
/// @addtogroup training
/// @{

/// Owns the arena of the parameters it updates: their values stand in one flat tensor and their
/// gradients in another, at equal offsets, so that an update is one launch. The constructor moves the
/// parameters there (their handles follow), so it is made after a model moved to its device. Throws
/// ShapeError for no parameters, one given twice or sharing memory, and mixed dtypes or devices.
class Optimizer {
 public:
  /// Moves the parameters into the arena.
  explicit Optimizer(const std::vector<Tensor>& parameters);
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Updates every parameter and clears every gradient. Does not synchronise.
  virtual void step() = 0;
  void zero_grad();  ///< clears every gradient; step() does so itself

  /// Scales all gradients together so that their norm is at most max_norm, and returns the norm they had, a
  /// scalar on their device: torch.nn.utils.clip_grad_norm_ over the parameters (Pascanu et al., ICML 2013).
  /// Between backward() and step(). Does not synchronise. Throws ShapeError unless max_norm > 0.
  Tensor clip_gradients(double max_norm);

  const Tensor& values() const { return values_; }        ///< [n], padding between parameters is 0
  const Tensor& gradients() const { return gradients_; }  ///< [n]

  /// The step width that step() takes.
  virtual double learning_rate() const = 0;
  /// What step() keeps from one update to the next beside the values: velocities, moments, a count. The tensors
  /// themselves: who keeps a copy of values() and of these, and copies both back, is where it was.
  virtual std::vector<Tensor> state() const { return {}; }

 protected:
  /// First line of step(): brings gradients that were set from outside into the arena. Throws
  /// ShapeError where a parameter has left it.
  void collect();

  /// The arena, [n] each.
  /// @{
  Tensor values_, gradients_;
  /// @}

 private:
  struct Slot {
    const void* value;  // where the parameter's values stand
    Tensor gradient;    // its view of gradients_
  };
  std::vector<Tensor> parameters_;
  std::vector<Slot> slots_;
};

/// The settings of Sgd.
struct SgdOptions {
  double lr = 0.01;       ///< the learning rate, > 0
  double momentum = 0;    ///< in [0, 1); the velocities stand in an arena of their own
  bool nesterov = false;  ///< needs momentum > 0
};

/// Stochastic gradient descent: w = w - lr g, or with momentum as sgd_momentum_ (weft/ops/optimizer.h).
class Sgd : public Optimizer {
 public:
  /// Throws ShapeError for settings out of their range, and as Optimizer does.
  Sgd(const std::vector<Tensor>& parameters, SgdOptions options);
  void step() override;
  double learning_rate() const override { return options_.lr; }
  std::vector<Tensor> state() const override;

 private:
  SgdOptions options_;
  Tensor velocities_;  // undefined without momentum
};

/// Adam: adam_ (weft/ops/optimizer.h) over the arena.
class Adam : public Optimizer {
 public:
  /// Throws ShapeError for settings out of their range, and as Optimizer does.
  explicit Adam(const std::vector<Tensor>& parameters, AdamOptions options = {});
  void step() override;
  double learning_rate() const override { return options_.lr; }
  std::vector<Tensor> state() const override;

 private:
  AdamOptions options_;
  Tensor first_moments_, second_moments_, step_;
};

/// @}
}  // namespace weft
