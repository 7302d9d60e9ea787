#pragma once

#include <vector>

#include "weft/tensor.h"

namespace weft {

/// Owns the arena of the parameters it updates: their values stand in one flat tensor and their
/// gradients in another, at equal offsets, so that an update is one launch. The constructor moves the
/// parameters there (their handles follow). Throws ShapeError for no parameters, one given twice, and
/// mixed dtypes or devices.
class Optimizer {
 public:
  explicit Optimizer(const std::vector<Tensor>& parameters);
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Updates every parameter and clears every gradient. Does not synchronise.
  virtual void step() = 0;
  void zero_grad();

  const Tensor& values() const { return values_; }        // [n], padding between parameters is 0
  const Tensor& gradients() const { return gradients_; }  // [n]

 protected:
  Tensor values_, gradients_;
};

struct SgdOptions {
  double lr = 0.01;  // > 0
};

/// Stochastic gradient descent: w = w - lr g.
class Sgd : public Optimizer {
 public:
  Sgd(const std::vector<Tensor>& parameters, SgdOptions options);
  void step() override;

 private:
  SgdOptions options_;
};

}  // namespace weft
