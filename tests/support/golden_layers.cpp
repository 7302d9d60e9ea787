// Layers that work on rows, against PyTorch.

#include <algorithm>
#include <cmath>

#include "tests/support/golden.h"
#include "tests/support/golden_checks.h"

namespace weft::test {

namespace {

std::vector<double> every(const std::vector<double>& values, double x) {
  return std::vector<double>(values.size(), x);
}

void linear(const Golden& golden, Device device) {
  const Shape shape = golden.tensor("weight").shape();
  Generator generator(1);
  const bool bias = golden.flag("bias");
  nn::Linear layer(shape[1], shape[0], generator, bias);
  const std::int64_t rows = golden.tensor("input").size(0);
  std::map<std::string, std::int64_t> terms{
      {"output", shape[1] + 1}, {"grad_input", shape[0]}, {"grad_weight", rows}};
  if (bias) terms["grad_bias"] = rows;
  expect_sums_of_products(layer, golden, terms, device);
}

// Results with relative errors; the derivative 1 - y² of tanh, or y (1 - y), has that of y relative to 1.
void curve(nn::Module& module, const Golden& golden, Device device) {
  const Results results = run_module(module, golden, device);
  expect_roundings(results.at("output"), golden, "output", kFunctionRoundings,
                   absolute(golden.values("output")), device);
  expect_roundings(results.at("grad_input"), golden, "grad_input", 3 * kFunctionRoundings,
                   absolute(golden.values("grad_output")), device);
}

void sigmoid_layer(const Golden& golden, Device device) {
  nn::Sigmoid module;
  curve(module, golden, device);
}

void tanh_layer(const Golden& golden, Device device) {
  nn::Tanh module;
  curve(module, golden, device);
}

// A copy, or a product with the slope: its rounding, the slope's, and that of the stored number.
void ramp(nn::Module& module, const Golden& golden, Device device) {
  for (const auto& [name, actual] : run_module(module, golden, device))
    expect_roundings(actual, golden, name, 3, absolute(golden.values(name)), device);
}

void relu_layer(const Golden& golden, Device device) {
  nn::ReLU module;
  ramp(module, golden, device);
}

void leaky_relu_layer(const Golden& golden, Device device) {
  nn::LeakyReLU module(golden.number("negative_slope"));
  ramp(module, golden, device);
}

// The sum over a row has one rounding for each class. Gradients are sums over the row of |dy|.
void over_rows(nn::Module& module, const Golden& golden, Device device, bool log) {
  const Results results = run_module(module, golden, device);
  const std::vector<double> y = golden.values("output"), dy = golden.values("grad_output");
  const std::int64_t classes = golden.tensor("output").size(1);
  const double c = range_of_input(golden) + static_cast<double>(classes) + kFunctionRoundings;
  expect_roundings(results.at("output"), golden, "output", c, log ? every(y, 1) : y, device);
  std::vector<double> sums;
  for (std::size_t i = 0; i < dy.size(); ++i) {
    const auto first = dy.begin() + static_cast<std::ptrdiff_t>(i) / classes * classes;
    double sum = 0;
    std::for_each(first, first + classes, [&](double g) { sum += std::abs(g); });
    sums.push_back(sum);
  }
  expect_roundings(results.at("grad_input"), golden, "grad_input", c, sums, device);
}

void softmax_op(const Golden& golden, Device device) {
  nn::Softmax module;
  over_rows(module, golden, device, false);
}

void log_softmax_op(const Golden& golden, Device device) {
  nn::LogSoftmax module;
  over_rows(module, golden, device, true);
}

}  // namespace

GoldenChecks golden_layer_checks() {
  return {
      {"Linear", linear},
      {"Sigmoid", sigmoid_layer},
      {"Tanh", tanh_layer},
      {"ReLU", relu_layer},
      {"LeakyReLU", leaky_relu_layer},
      {"Softmax", softmax_op},
      {"LogSoftmax", log_softmax_op},
  };
}

}  // namespace weft::test
