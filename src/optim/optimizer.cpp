#include <algorithm>
#include <string>

#include "weft/error.h"
#include "weft/ops/elementwise.h"
#include "weft/ops/reduction.h"
#include "weft/optim.h"

namespace weft {
namespace {

// Elements. Every parameter starts at a multiple of 64 bytes, as a tensor of its own would.
constexpr std::int64_t kAlignment = 16;

std::int64_t padded(std::int64_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

// Two parameters that overlap would become two parameters.
void require_apart(const std::vector<Tensor>& parameters) {
  std::vector<const Tensor*> sorted;
  for (const Tensor& p : parameters)
    if (p.size() > 0) sorted.push_back(&p);
  const auto first = [](const Tensor* p) { return static_cast<const std::byte*>(p->data()); };
  std::sort(sorted.begin(), sorted.end(), [&](auto a, auto b) { return first(a) < first(b); });
  for (std::size_t i = 1; i < sorted.size(); ++i)
    if (first(sorted[i - 1]) + sorted[i - 1]->bytes() > first(sorted[i]))
      throw ShapeError(
          "optimizer: expected parameters with memory of their own, got two that share it (" +
          sorted[i - 1]->shape().to_string() + " and " + sorted[i]->shape().to_string() + ")");
}

}  // namespace

Optimizer::Optimizer(const std::vector<Tensor>& parameters) : parameters_(parameters) {
  if (parameters.empty()) throw ShapeError("optimizer: expected parameters, got none");
  const Tensor& first = parameters.front();
  if (first.dtype() != DType::float32 && first.dtype() != DType::float64)
    throw ShapeError(std::string("optimizer: expected floating parameters, got ") +
                     name_of(first.dtype()));
  std::int64_t size = 0;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Tensor& p = parameters[i];
    if (p.dtype() != first.dtype() || p.device() != first.device())
      throw ShapeError(std::string("optimizer: expected all parameters to be ") +
                       name_of(first.dtype()) + " on the " + name_of(first.device()) + ", got " +
                       name_of(p.dtype()) + " on the " + name_of(p.device()));
    for (std::size_t j = 0; j < i; ++j)
      if (same_tensor(p, parameters[j]))
        throw ShapeError("optimizer: expected each parameter once, got number " +
                         std::to_string(j) + " again as number " + std::to_string(i));
    Tensor(p).set_data(p);  // changes nothing, and throws unless p is a leaf
    size += padded(p.size());
  }
  require_apart(parameters);

  values_ = zeros({size}, first.dtype(), first.device());
  gradients_ = zeros({size}, first.dtype(), first.device());
  std::int64_t offset = 0;
  for (Tensor& p : parameters_) {
    Tensor value = values_.rows(offset, offset + p.size()).reshape(p.shape());
    Tensor gradient = gradients_.rows(offset, offset + p.size()).reshape(p.shape());
    value.copy_from(p);
    if (p.grad().defined()) gradient.copy_from(p.grad());
    p.set_data(value);
    p.set_grad(gradient);
    slots_.push_back({value.data(), gradient});
    offset += padded(p.size());
  }
}

void Optimizer::collect() {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    Tensor& p = parameters_[i];
    Slot& slot = slots_[i];
    if (p.data() != slot.value)
      throw ShapeError("optimizer: parameter " + std::to_string(i) + " " + p.shape().to_string() +
                       " was moved after the optimizer was made (to another device, or by another "
                       "optimizer): make the optimizer last");
    const Tensor gradient = p.grad();
    if (same_tensor(gradient, slot.gradient)) continue;
    if (gradient.defined())
      slot.gradient.copy_from(gradient);
    else
      fill_(slot.gradient, 0);
    p.set_grad(slot.gradient);
  }
}

Tensor Optimizer::clip_gradients(double max_norm) {
  collect();
  const Tensor norm = l2_norm(gradients_);
  clip_to_norm_(gradients_, norm, max_norm);
  return norm;
}

void Optimizer::zero_grad() {
  fill_(gradients_, 0);
  for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i].set_grad(slots_[i].gradient);
}

}  // namespace weft
