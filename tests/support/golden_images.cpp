// Layers of images, against PyTorch.

#include <gtest/gtest.h>

#include <map>

#include "tests/support/compare.h"
#include "tests/support/golden.h"
#include "tests/support/golden_checks.h"

namespace weft::test {

namespace {

Size2d size(const Golden& golden, const std::string& name) {
  const auto [h, w] = golden.pair(name);
  return {h, w};
}

// Of the gradient of the input at most r s k terms, those of the taps that find a place.
void convolution(const Golden& golden, Device device) {
  const Shape x = golden.tensor("input").shape(), y = golden.tensor("output").shape();
  const Size2d kernel = size(golden, "kernel_size");
  const bool bias = golden.flag("bias");
  const std::int64_t taps = kernel.h * kernel.w, places = y[0] * y[1] * y[2];
  for (const ConvolutionMethod method : {ConvolutionMethod::automatic, ConvolutionMethod::im2col,
                                         ConvolutionMethod::implicit_gemm}) {
    Generator generator(1);
    nn::Conv2d layer(x[3], y[3], kernel, generator,
                     {.stride = size(golden, "stride"),
                      .padding = size(golden, "padding"),
                      .dilation = size(golden, "dilation"),
                      .bias = bias,
                      .method = method});
    std::map<std::string, std::int64_t> terms{
        {"output", taps * x[3] + 1}, {"grad_input", taps * y[3]}, {"grad_weight", places}};
    if (bias) terms["grad_bias"] = places;
    expect_sums_of_products(layer, golden, terms, device);
  }
}

// A copy of one number; whole-number gradients, whose sums are exact.
void max_pool(const Golden& golden, Device device) {
  nn::MaxPool2d layer(size(golden, "kernel_size"), size(golden, "stride"), size(golden, "padding"),
                      size(golden, "dilation"));
  for (const auto& [name, actual] : run_module(layer, golden, device)) {
    EXPECT_EQ(actual.device(), device);
    expect_equal(actual.to_vector<float>(), golden.values(name), golden.name() + " " + name);
  }
}

/// A mean of `pixels` numbers, of which an input takes part in at most as many.
void means(nn::Module& layer, const Golden& golden, std::int64_t pixels, Device device) {
  expect_sums_of_products(layer, golden, {{"output", pixels + 1}, {"grad_input", pixels + 1}},
                          device);
}

void avg_pool(const Golden& golden, Device device) {
  const Size2d kernel = size(golden, "kernel_size");
  nn::AvgPool2d layer(kernel, size(golden, "stride"), size(golden, "padding"),
                      golden.flag("count_include_pad"));
  means(layer, golden, kernel.h * kernel.w, device);
}

void adaptive_avg_pool(const Golden& golden, Device device) {
  nn::AdaptiveAvgPool2d layer(size(golden, "output_size"));
  const Shape x = golden.tensor("input").shape();
  means(layer, golden, x[1] * x[2], device);
}

void global_avg_pool(const Golden& golden, Device device) {
  EXPECT_EQ(size(golden, "output_size"), Size2d(1));
  nn::GlobalAvgPool2d layer;
  const Shape x = golden.tensor("input").shape();
  means(layer, golden, x[1] * x[2], device);
}

void flatten_layer(const Golden& golden, Device device) {
  nn::Flatten layer;
  for (const auto& [name, actual] : run_module(layer, golden, device)) {
    EXPECT_EQ(actual.shape(), golden.tensor(name).shape());
    expect_equal(actual.to_vector<float>(), golden.values(name), golden.name() + " " + name);
  }
}

}  // namespace

GoldenChecks golden_image_checks() {
  return {
      {"Conv2d", convolution},
      {"MaxPool2d", max_pool},
      {"AvgPool2d", avg_pool},
      {"AdaptiveAvgPool2d", adaptive_avg_pool},
      {"GlobalAvgPool2d", global_avg_pool},
      {"Flatten", flatten_layer},
  };
}

}  // namespace weft::test
