// Losses and optimisers against PyTorch.

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>

#include "tests/support/golden.h"
#include "tests/support/golden_checks.h"
#include "weft/ops/loss.h"
#include "weft/optim.h"

namespace weft::test {

namespace {

// A loss is a mean of terms that are not negative: its error is relative to it, but for what each term adds.
// A gradient's is relative to it, or to the 1 / n that is its share in the mean.
struct LossRoundings {
  double each;      // of a term of the loss, relative to 1
  double gradient;  // of the gradient, relative to 1 / n
};

void loss(Tensor (*function)(const Tensor&, const Tensor&), const LossRoundings& roundings,
          const Golden& golden, Device device) {
  const Tensor x = golden.tensor("input", device).set_requires_grad();
  const Tensor target = golden.tensor("target", device);
  const Tensor value = function(x, target);
  value.backward();
  const auto n = static_cast<double>(target.size());
  const double exact = golden.values("output")[0];
  expect_roundings(value, golden, "output", 1,
                   {roundings.each + (n + kFunctionRoundings) * std::abs(exact)}, device);
  std::vector<double> allowed = absolute(golden.values("grad_input"));
  for (double& g : allowed) g = kFunctionRoundings * g + roundings.gradient / n;
  expect_roundings(x.grad(), golden, "grad_input", 1, allowed, device);
}

void cross_entropy_loss(const Golden& golden, Device device) {
  const auto classes = static_cast<double>(golden.tensor("input").size(1));
  const double each = range_of_input(golden) + classes + kFunctionRoundings;
  loss(cross_entropy, {each, each}, golden, device);
}

void mse(const Golden& golden, Device device) { loss(mse_loss, {0, 0}, golden, device); }

// log(1 - p) has the rounding of 1 - p, which is relative to 1.
void bce(const Golden& golden, Device device) {
  loss(binary_cross_entropy, {kFunctionRoundings, 0}, golden, device);
}

// max(x, 0) - x t cancels; sigmoid - t is exact to a rounding of 1.
void bce_with_logits(const Golden& golden, Device device) {
  const std::vector<double> x = absolute(golden.values("input"));
  const double largest = *std::max_element(x.begin(), x.end());
  loss(binary_cross_entropy_with_logits, {2 * largest + kFunctionRoundings, kFunctionRoundings},
       golden, device);
}

void optimizer(const Golden& golden, Device device, double updates_per_lr,
               const std::function<std::unique_ptr<Optimizer>(const Tensor&)>& make) {
  Tensor parameter = golden.tensor("parameter", device).set_requires_grad();
  const auto updates = make(parameter);
  const Tensor gradients = golden.tensor("gradients", device);
  const std::int64_t steps = gradients.size(0), size = gradients.size(1);
  std::vector<float> values;
  for (std::int64_t i = 0; i < steps; ++i) {
    parameter.set_grad(gradients.rows(i, i + 1).reshape({size}).clone());
    updates->step();
    const auto now = parameter.to_vector<float>();
    values.insert(values.end(), now.begin(), now.end());
  }
  // A step rounds the value, and its update eight times at most.
  const double update = golden.number("lr") * updates_per_lr;
  std::vector<double> allowed = absolute(golden.values("values"));
  for (double& w : allowed) w += kFunctionRoundings * update;
  expect_roundings(from_values(values, {steps, size}).to(device), golden, "values",
                   static_cast<double>(steps), allowed, device);
}

void sgd(const Golden& golden, Device device) {
  SgdOptions options{.lr = golden.number("lr")};
  if (golden.has("momentum")) options.momentum = golden.number("momentum");
  if (golden.has("nesterov")) options.nesterov = golden.flag("nesterov");
  const std::vector<double> gradients = absolute(golden.values("gradients"));
  const double most = *std::max_element(gradients.begin(), gradients.end());
  const double length = 1 / (1 - options.momentum);  // a velocity is that many gradients long
  optimizer(golden, device, length * most, [&](const Tensor& parameter) {
    return std::make_unique<Sgd>(std::vector{parameter}, options);
  });
}

// An update is lr long, or a few lr where the gradient has grown.
void adam(const Golden& golden, Device device) {
  optimizer(golden, device, 4, [&](const Tensor& parameter) {
    return std::make_unique<Adam>(std::vector{parameter}, AdamOptions{.lr = golden.number("lr")});
  });
}

}  // namespace

GoldenChecks golden_loss_and_optimizer_checks() {
  return {
      {"CrossEntropyLoss", cross_entropy_loss}, {"MSELoss", mse}, {"BCELoss", bce},
      {"BCEWithLogitsLoss", bce_with_logits},   {"SGD", sgd},     {"Adam", adam},
  };
}

}  // namespace weft::test
