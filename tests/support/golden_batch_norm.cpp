// Batch norm against PyTorch. What its results may err by is computed here from the inputs in double: each is a sum
// of terms with x - mean in them, and x and mean have been rounded relative to their own size.

#include <cmath>

#include "tests/support/golden.h"
#include "tests/support/golden_checks.h"

namespace weft::test {

namespace {

/// Magnitudes of everything that a file has.
struct Magnitudes {
  std::vector<double> output, grad_input, grad_weight, grad_bias, running_mean, running_var;
};

Magnitudes magnitudes(const Golden& golden, bool training) {
  const std::vector<double> x = golden.values("input"), dy = golden.values("grad_output");
  const std::vector<double> weight = golden.values("weight"), bias = golden.values("bias");
  const std::vector<double> old_mean = golden.values("running_mean");
  const std::vector<double> old_var = golden.values("running_var");
  const double epsilon = golden.number("eps"), share = golden.number("momentum");
  const std::size_t channels = weight.size(), rows = x.size() / channels;
  const auto n = static_cast<double>(rows);
  Magnitudes all{.output = x,
                 .grad_input = x,
                 .grad_weight = weight,
                 .grad_bias = weight,
                 .running_mean = weight,
                 .running_var = weight};
  for (std::size_t c = 0; c < channels; ++c) {
    double mean = 0, size = 0, variance = 0, spread = 0;
    for (std::size_t i = c; i < x.size(); i += channels)
      mean += x[i] / n, size += std::abs(x[i]) / n;
    for (std::size_t i = c; i < x.size(); i += channels) {
      variance += (x[i] - mean) * (x[i] - mean) / n;
      spread += std::abs(x[i] - mean) * (std::abs(x[i]) + std::abs(mean)) / (n - 1);
    }
    all.running_mean[c] = (1 - share) * std::abs(old_mean[c]) + share * size;
    all.running_var[c] = (1 - share) * old_var[c] + share * spread;
    if (!training) mean = old_mean[c], variance = old_var[c];
    const double scale = 1 / std::sqrt(variance + epsilon);
    const auto normal = [&](std::size_t i) { return scale * (std::abs(x[i]) + std::abs(mean)); };
    double sum_dy = 0, sum_dy_x = 0;
    for (std::size_t i = c; i < x.size(); i += channels) {
      sum_dy += std::abs(dy[i]);
      sum_dy_x += std::abs(dy[i]) * normal(i);
    }
    all.grad_weight[c] = sum_dy_x;
    all.grad_bias[c] = sum_dy;
    for (std::size_t i = c; i < x.size(); i += channels) {
      all.output[i] = std::abs(weight[c]) * normal(i) + std::abs(bias[c]);
      const double means = training ? sum_dy / n + normal(i) * sum_dy_x / n : 0;
      all.grad_input[i] = std::abs(weight[c]) * scale * (std::abs(dy[i]) + means);
    }
  }
  return all;
}

void batch_norm_layer(const Golden& golden, Device device) {
  const bool training = golden.flag("training");
  const Shape x = golden.tensor("input").shape();
  const std::int64_t channels = x[x.rank() - 1], rows = x.size() / channels;
  nn::BatchNorm layer(channels,
                      {.epsilon = golden.number("eps"), .momentum = golden.number("momentum")});
  layer.train(training);
  layer.running_mean.copy_from(golden.tensor("running_mean"));
  layer.running_var.copy_from(golden.tensor("running_var"));
  const Magnitudes allowed = magnitudes(golden, training);
  const Results results = run_module(layer, golden, device);
  // A rounding for each row, and for each of a dozen operations with the sums.
  const double c = static_cast<double>(rows) + 12;
  const auto expect = [&](const Tensor& actual, const char* name, const std::vector<double>& by) {
    expect_roundings(actual, golden, name, c, by, device);
  };
  expect(results.at("output"), "output", allowed.output);
  expect(results.at("grad_input"), "grad_input", allowed.grad_input);
  expect(results.at("grad_weight"), "grad_weight", allowed.grad_weight);
  expect(results.at("grad_bias"), "grad_bias", allowed.grad_bias);
  const std::string after = training ? "_after" : "";
  expect(layer.running_mean, ("running_mean" + after).c_str(), allowed.running_mean);
  expect(layer.running_var, ("running_var" + after).c_str(), allowed.running_var);
}

}  // namespace

GoldenChecks golden_batch_norm_checks() {
  return {{"BatchNorm1d", batch_norm_layer}, {"BatchNorm2d", batch_norm_layer}};
}

}  // namespace weft::test
