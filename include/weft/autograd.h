#pragma once

#include <functional>
#include <string>
#include <vector>

#include "weft/tensor.h"

namespace weft {
/// @addtogroup autograd
/// @{

/// Whether ops of this thread record what their backward needs. On unless a NoGrad lives.
bool grad_enabled();

/// Turns recording off for this thread until the end of the scope.
class NoGrad {
 public:
  NoGrad();   ///< off
  ~NoGrad();  ///< as it was before
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool previous_;
};

/// What an op's backward writes to: one slot for each input that was recorded.
class Gradients {
 public:
  /// A place for the gradient of one input. Where `add` is set, `into` holds a gradient already and
  /// the op adds to it; otherwise `into` is uninitialised and the op overwrites it.
  struct Target {
    Tensor into;  ///< of the input's shape, dtype and device
    bool add;     ///< whether it holds a gradient already
  };

  virtual ~Gradients() = default;
  virtual bool wanted(int input) const = 0;  ///< somebody asked for this input's gradient
  virtual Target target(int input) = 0;      ///< to write it in place; call once an input
  /// Or hand over a tensor of the input's shape.
  virtual void give(int input, Tensor gradient) = 0;
};

/// Computes the inputs' gradients from dy, the gradient of the op's result.
using Backward = std::function<void(const Tensor& dy, Gradients& gradients)>;

/// Records that `y` was computed from `inputs`, and returns y. Does nothing where recording is off or
/// no input requires a gradient. `backward` must not own y itself (detach it), or it is never freed.
Tensor record(const char* op, Tensor y, std::vector<Tensor> inputs, Backward backward);

/// Whether recording an op on these inputs would keep its backward: what to test before saving for it.
bool needs_grad(std::initializer_list<const Tensor*> inputs);

/// Walks the tape from the scalar `y` once, latest op first, adds to grad() of the leaves, and frees the
/// tape. Throws ShapeError where y is no scalar, and where it has no tape (or has been walked before).
/// Does not synchronise.
void backward(const Tensor& y);

/// Whether dy is the 1 that backward() starts from: an op whose scalar result is the loss may then
/// hand over its saved gradient without a multiplication.
bool is_unit_gradient(const Tensor& dy);

/// Compares backward() with central differences, in float64 on Device::cpu, as PyTorch's gradcheck
/// does (step 1e-6, |a - n| <= 1e-5 + 1e-3 |n|). `function` maps the inputs to one tensor, which is
/// reduced to a scalar with fixed random weights; backward is run twice and must agree to the bit.
/// Returns an empty string, or what is wrong: input, index, both values.
std::string gradient_check(const std::function<Tensor(const std::vector<Tensor>&)>& function,
                           const std::vector<Tensor>& inputs);

/// @}
}  // namespace weft
