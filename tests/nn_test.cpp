#include "weft/nn.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "weft/autograd.h"
#include "weft/error.h"
#include "weft/ops/concatenate.h"
#include "weft/ops/dropout.h"
#include "weft/ops/gemm.h"
#include "weft/ops/pooling.h"
#include "weft/ops/reduction.h"

namespace weft {
namespace {

using nn::Linear;
using nn::NamedTensors;
using nn::Sequential;
using test::error_of;
using test::expect_close;

TEST(Linear, IsXTimesWeightTransposedPlusBias) {
  Generator generator(1);
  Linear layer(3, 2, generator);
  layer.weight.copy_from(from_values(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3}));
  layer.bias.copy_from(from_values(std::vector<float>{10, 20}, {2}));
  const Tensor x = from_values(std::vector<float>{1, 0, -1, 2, 2, 2}, {2, 3});
  EXPECT_EQ(layer(x).to_vector<float>(), (std::vector<float>{8, 18, 22, 50}));
  Linear without(3, 2, generator, false);
  EXPECT_FALSE(without.bias.defined());
  without.weight.copy_from(layer.weight);
  EXPECT_EQ(without(x).to_vector<float>(), (std::vector<float>{-2, -2, 12, 30}));
  EXPECT_EQ(without.parameter_count(), 6);
  EXPECT_EQ(layer.parameter_count(), 8);
}

TEST(Linear, StartsUniformInOneOverRootOfFanIn) {
  Generator generator(42);
  const Linear layer(400, 300, generator);
  const auto check = [](const Tensor& x, double bound) {
    double mean = 0, square = 0, largest = 0;
    for (const float v : x.to_vector<float>()) {
      mean += v;
      square += static_cast<double>(v) * v;
      largest = std::max(largest, std::abs(static_cast<double>(v)));
    }
    const auto n = static_cast<double>(x.size());
    const double sigma = bound / std::sqrt(3.0);
    EXPECT_LE(largest, bound * (1 + 1e-6));
    EXPECT_GE(largest, bound * 0.97);
    EXPECT_LE(std::abs(mean / n), 5 * sigma / std::sqrt(n));
    EXPECT_NEAR(square / n, sigma * sigma, 5 * sigma * sigma / std::sqrt(n));
  };
  check(layer.weight, 0.05);
  check(layer.bias, 0.05);
  EXPECT_TRUE(layer.weight.requires_grad());
  EXPECT_TRUE(layer.bias.requires_grad());
}

TEST(Linear, TheSeedFixesTheStart) {
  Generator one(7), same(7), other(8);
  const Linear a(20, 10, one), b(20, 10, same), c(20, 10, other), d(20, 10, one);
  EXPECT_EQ(a.weight.to_vector<float>(), b.weight.to_vector<float>());
  EXPECT_EQ(a.bias.to_vector<float>(), b.bias.to_vector<float>());
  EXPECT_NE(a.weight.to_vector<float>(), c.weight.to_vector<float>());
  EXPECT_NE(a.weight.to_vector<float>(), d.weight.to_vector<float>()) << "the next draw";
  Generator keys(7);
  Tensor weight = empty({10, 20}), bias = empty({10});
  const double bound = 1 / std::sqrt(20.0);
  uniform_(weight, -bound, bound, keys.next());
  uniform_(bias, -bound, bound, keys.next());
  EXPECT_EQ(a.weight.to_vector<float>(), weight.to_vector<float>()) << "weight first";
  EXPECT_EQ(a.bias.to_vector<float>(), bias.to_vector<float>()) << "then bias";
}

TEST(Linear, RefusesSizesUnderOne) {
  Generator generator(1);
  EXPECT_EQ(error_of<ShapeError>([&] { Linear(0, 3, generator); }),
            "Linear: expected at least 1 input and 1 output, got 0 and 3");
  EXPECT_NE(error_of<ShapeError>([&] { Linear(3, -1, generator); }), "");
  Linear layer(3, 2, generator);
  EXPECT_NE(error_of<ShapeError>([&] { layer(zeros({5, 4})); }), "");
}

TEST(Linear, ItsGradientsAreRight) {
  Generator generator(5);
  const auto drawn = [&](Shape shape) {
    Tensor x = empty(shape, DType::float64);
    nn::init::uniform_(x, -1, 1, generator);
    return x;
  };
  EXPECT_EQ(
      gradient_check([](const std::vector<Tensor>& in) { return linear(in[0], in[1], in[2]); },
                     {drawn({5, 4}), drawn({3, 4}), drawn({3})}),
      "");
}

TEST(Sequential, NamesParametersAsPyTorchDoes) {
  Generator generator(3);
  Sequential inner(Linear(4, 3, generator), Linear(3, 3, generator, false));
  Sequential model(Linear(2, 4, generator), inner);
  std::vector<std::string> names;
  for (const auto& [name, parameter] : model.named_parameters()) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"0.weight", "0.bias", "1.0.weight", "1.0.bias",
                                             "1.1.weight"}));
  EXPECT_EQ(model.parameter_count(), 8 + 4 + 12 + 3 + 9);
  EXPECT_EQ(model.size(), 2u);
  EXPECT_EQ(model.parameters().size(), 5u);
  EXPECT_TRUE(same_tensor(model.parameters()[2], inner.parameters()[0]))
      << "copies share parameters";
  Sequential copy(model);
  EXPECT_EQ(copy.size(), 2u) << "a copy, not one in another";
}

TEST(Sequential, RunsItsModulesInOrder) {
  Generator generator(3);
  Linear first(2, 3, generator), second(3, 1, generator);
  Sequential model(first, second);
  const Tensor x = from_values(std::vector<float>{1, -2, 3, 4}, {2, 2});
  EXPECT_EQ(model(x).to_vector<float>(), second(first(x)).to_vector<float>());
}

TEST(Module, LoadsByNameWholeOrNotAtAll) {
  Generator generator(3);
  Sequential model(Linear(2, 3, generator), Linear(3, 1, generator));
  Sequential other(Linear(2, 3, generator), Linear(3, 1, generator));
  const std::vector<float> before = model.parameters()[0].to_vector<float>();
  const auto refuses = [&](auto change) {
    NamedTensors tensors = other.named_parameters();
    change(tensors);
    const std::string message = error_of<ShapeError>([&] { model.load(tensors); });
    EXPECT_EQ(model.parameters()[0].to_vector<float>(), before);
    return message;
  };
  EXPECT_EQ(refuses([](NamedTensors& t) { t.pop_back(); }),
            "load: expected the parameter 1.bias, got none");
  EXPECT_EQ(refuses([](NamedTensors& t) { t[3].first = "2.bias"; }),
            "load: expected only the model's parameters, got 2.bias");
  EXPECT_EQ(refuses([](NamedTensors& t) { t[3].second = zeros({2}); }),
            "load: expected 1.bias to be float32 [1], got float32 [2]");
  EXPECT_NE(refuses([](NamedTensors& t) { t[3].second = zeros({1}, DType::float64); }), "");
  EXPECT_NE(refuses([](NamedTensors& t) { t.push_back(t[0]); }), "");
  model.load(other.named_parameters());
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(model.parameters()[i].to_vector<float>(), other.parameters()[i].to_vector<float>());
    EXPECT_NE(model.parameters()[i].data(), other.parameters()[i].data());
  }
}

TEST(Module, LoadsValuesOfItsOwnAndNamesAnUndefinedOne) {
  nn::BatchNorm layer(2);
  layer.load({{"weight", layer.weight},
              {"bias", layer.bias},
              {"running_mean", layer.running_var},
              {"running_var", layer.running_mean}});
  EXPECT_EQ(layer.running_mean.to_vector<float>(), std::vector<float>(2, 1.0f));
  EXPECT_EQ(layer.running_var.to_vector<float>(), std::vector<float>(2, 0.0f));
  NamedTensors state = layer.named_state();
  state[1].second = Tensor();
  EXPECT_EQ(error_of<ShapeError>([&] { layer.load(state); }),
            "load: expected bias to be float32 [2], got an undefined tensor");
}

TEST(Module, AFrozenParametersGradientMovesWithIt) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Generator generator(3);
  Linear layer(1, 1, generator);
  layer(full({1, 1}, 1)).backward();
  layer.weight.set_requires_grad(false);
  layer.to(Device::gpu);
  EXPECT_EQ(layer.weight.grad().device(), Device::gpu);
}

TEST(Module, MovesToAnotherDeviceWithItsHandles) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Generator generator(3);
  Linear layer(5, 4, generator);
  const Tensor handle = layer.weight;
  const std::vector<float> before = handle.to_vector<float>();
  layer.weight.set_grad(full({4, 5}, 2));
  layer.to(Device::gpu);
  EXPECT_EQ(handle.device(), Device::gpu);
  EXPECT_EQ(handle.grad().device(), Device::gpu);
  EXPECT_EQ(handle.to_vector<float>(), before);
  const Tensor x = full({2, 5}, 1);
  const std::vector<float> there = layer(x.to(Device::gpu)).to_vector<float>();
  layer.to(Device::cpu);
  expect_close(there, layer(x).to_vector<float>(), {.abs = 1e-6, .rel = 1e-5}, "5 terms");
}

TEST(Module, ABackwardAcrossAMoveIsRefused) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Generator generator(3);
  Linear layer(1, 1, generator);
  const Tensor y = layer(full({1, 1}, 1));
  layer.to(Device::gpu);
  EXPECT_NE(error_of<ShapeError>([&] { y.backward(); }).find("on one device"), std::string::npos);
  EXPECT_FALSE(layer.weight.grad().defined());
}

TEST(Module, ABackwardOfAnyOpAcrossAMoveIsRefused) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  const std::vector<std::function<Tensor(const Tensor&)>> ops{
      [](const Tensor& x) { return max_pool2d(x, 2); },
      [](const Tensor& x) { return avg_pool2d(x, 2); },
      [](const Tensor& x) { return global_avg_pool2d(x); },
      [](const Tensor& x) { return dropout(x, 0.5, {}); },
      [](const Tensor& x) {
        return concatenate({x, x.detach()}, 1);
      },
      [](const Tensor& x) {
        return concatenate({x, x}, 1);
      },
      [](const Tensor& x) { return nn::BatchNorm(1)(x); }};
  for (const auto& op : ops) {
    Tensor x = full({2, 4, 4, 1}, 1);
    x.set_requires_grad();
    const Tensor y = sum(op(x));
    x.set_data(x.to(Device::gpu));
    EXPECT_NE(error_of<ShapeError>([&] { y.backward(); }).find("on one device"), std::string::npos);
    EXPECT_FALSE(x.grad().defined());
  }
  Tensor left = full({2, 4, 4, 1}, 1, DType::float32, Device::gpu);  // whose gradient did not move
  left.set_requires_grad();
  left.set_grad(zeros_like(left));
  left.set_data(left.to(Device::cpu));
  EXPECT_EQ(error_of<ShapeError>([&] { sum(max_pool2d(left, 2)).backward(); }),
            "backward of max_pool2d: expected all tensors on one device, got the gradient of the "
            "result on the cpu and the gradient of input 0 on the gpu");
}

TEST(Sequential, RefusesAModuleThatItDoesNotHave) {
  Sequential model(nn::ReLU{}, nn::ReLU{});
  EXPECT_EQ(error_of<ShapeError>([&] { model[2]; }),
            "Sequential: expected the number of one of 2 modules, got 2");
}

TEST(Init, BoundsFollowFanInAndFanOut) {
  Generator generator(11);
  const auto largest = [](const Tensor& x) {
    double most = 0;
    for (const float v : x.to_vector<float>())
      most = std::max(most, std::abs(static_cast<double>(v)));
    return most;
  };
  Tensor weight = empty({50, 3, 3, 40});  // fan_in 360, fan_out 450
  nn::init::xavier_uniform_(weight, generator);
  EXPECT_NEAR(largest(weight), std::sqrt(6.0 / 810), 1e-4);
  nn::init::kaiming_uniform_(weight, generator);
  EXPECT_NEAR(largest(weight), std::sqrt(6.0 / 360), 1e-4);
  nn::init::fan_in_uniform_(weight, 100, generator);
  EXPECT_NEAR(largest(weight), 0.1, 1e-4);
  nn::init::constant_(weight, 0.25);
  EXPECT_EQ(weight.to_vector<float>(), std::vector<float>(18000, 0.25f));
  Tensor vector = empty({3});
  EXPECT_EQ(error_of<ShapeError>([&] { nn::init::xavier_uniform_(vector, generator); }),
            "xavier_uniform_: expected a weight [out, ..., in], got [3]");
  EXPECT_NE(error_of<ShapeError>([&] { nn::init::fan_in_uniform_(vector, 0, generator); }), "");
}

}  // namespace
}  // namespace weft
