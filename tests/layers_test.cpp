// Layers beyond Linear: their defaults and starts, what training and evaluation change, and what a model's state is.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tests/support/error.h"
#include "weft/autograd.h"
#include "weft/error.h"
#include "weft/nn.h"
#include "weft/ops/loss.h"
#include "weft/ops/reduction.h"
#include "weft/training_step.h"

namespace weft {
namespace {

using nn::Sequential;
using test::error_of;
using Floats = std::vector<float>;

double largest(const Tensor& x) {
  double most = 0;
  for (const float v : x.to_vector<float>())
    most = std::max(most, std::abs(static_cast<double>(v)));
  return most;
}

TEST(Conv2d, StartsUniformInOneOverRootOfFanIn) {
  Generator generator(3);
  const nn::Conv2d layer(8, 30, {5, 3}, generator);
  EXPECT_EQ(layer.weight.shape(), (Shape{30, 5, 3, 8}));
  const double bound = 1 / std::sqrt(8.0 * 5 * 3);
  EXPECT_LE(largest(layer.weight), bound * (1 + 1e-6));
  EXPECT_GE(largest(layer.weight), bound * 0.99);
  EXPECT_LE(largest(layer.bias), bound * (1 + 1e-6));
  EXPECT_EQ(layer.parameter_count(), 30 * (120 + 1));
  Generator keys(3);
  Tensor weight = empty({30, 5, 3, 8}), bias = empty({30});
  uniform_(weight, -bound, bound, keys.next());
  uniform_(bias, -bound, bound, keys.next());
  EXPECT_EQ(layer.weight.to_vector<float>(), weight.to_vector<float>()) << "weight first";
  EXPECT_EQ(layer.bias.to_vector<float>(), bias.to_vector<float>()) << "then bias";
  const nn::Conv2d without(1, 1, 1, generator, {.bias = false});
  EXPECT_EQ(without.named_parameters().size(), 1u);
}

// 18,378 parameters: lesson 24's network, and 119: lesson 23's.
TEST(Conv2d, ModelsHaveTheParametersOfTheirLessons) {
  Generator generator(1);
  const nn::Conv2d first(1, 16, 5, generator, {.padding = 2});
  const nn::Conv2d second(16, 32, 5, generator, {.padding = 2});
  Sequential small(first, nn::ReLU(), nn::MaxPool2d(2), second, nn::ReLU(), nn::MaxPool2d(2),
                   nn::Flatten(), nn::Linear(512, 10, generator));
  EXPECT_EQ(small.parameter_count(), 18378);
  EXPECT_EQ(small(zeros({3, 16, 16, 1})).shape(), (Shape{3, 10}));
  Sequential bars(nn::Conv2d(1, 2, 2, generator), nn::LeakyReLU(), nn::MaxPool2d(2, 1),
                  nn::Conv2d(2, 1, 2, generator), nn::LeakyReLU(), nn::MaxPool2d(2, 1),
                  nn::Flatten(), nn::Linear(49, 2, generator));
  EXPECT_EQ(bars.parameter_count(), 119);
  EXPECT_EQ(bars(zeros({3, 11, 11, 1})).shape(), (Shape{3, 2}));
}

class Layers : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam() == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
};

TEST_P(Layers, DropoutDrawsAnewInTrainingAndDoesNothingInEvaluation) {
  Generator generator(5);
  nn::Dropout layer(0.5, generator);
  const Tensor x = full({1000}, 1, DType::float32, GetParam());
  const Floats first = layer(x).to_vector<float>(), second = layer(x).to_vector<float>();
  EXPECT_NE(first, second);
  const auto kept = std::count(first.begin(), first.end(), 2.0f);
  EXPECT_EQ(kept + std::count(first.begin(), first.end(), 0.0f), 1000);
  EXPECT_NEAR(static_cast<double>(kept), 500, 5 * std::sqrt(250.0));
  layer.eval();
  EXPECT_TRUE(same_tensor(layer(x), x));
  Generator same_seed(5);
  nn::Dropout again(0.5, same_seed);
  EXPECT_EQ(again(x).to_vector<float>(), first) << "the seed fixes the masks";
}

TEST_P(Layers, BatchNormKeepsRunningValuesForEvaluation) {
  nn::BatchNorm layer(2);
  layer.to(GetParam());
  EXPECT_EQ(layer.running_mean.device(), GetParam());
  const Tensor x = from_values(Floats{1, 10, 3, 30}, {2, 2}).to(GetParam());
  layer(x);
  // mean 2, 20; unbiased variance 2, 200; momentum 0.1 over 0 and 1
  const Floats mean = layer.running_mean.to_vector<float>(),
               var = layer.running_var.to_vector<float>();
  EXPECT_FLOAT_EQ(mean[0], 0.2f);
  EXPECT_FLOAT_EQ(mean[1], 2.0f);
  EXPECT_FLOAT_EQ(var[0], 1.1f);
  EXPECT_FLOAT_EQ(var[1], 20.9f);
  layer.eval();
  const Floats y = layer(x).to_vector<float>();
  EXPECT_NEAR(y[0], (1 - 0.2) / std::sqrt(1.1 + 1e-5), 1e-6);
  EXPECT_NEAR(y[3], (30 - 2) / std::sqrt(20.9 + 1e-5), 1e-5);
  EXPECT_EQ(layer.running_mean.to_vector<float>(), mean) << "evaluation leaves them alone";
}

TEST_P(Layers, ShapesGoThereAndBack) {
  Tensor x = from_values(Floats{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, {2, 6}).to(GetParam());
  nn::Unflatten unflatten({1, 3, 2});
  EXPECT_EQ(unflatten(x).shape(), (Shape{2, 1, 3, 2}));
  EXPECT_EQ(nn::Flatten()(unflatten(x)).to_vector<float>(), x.to_vector<float>());
  EXPECT_EQ(nn::GlobalAvgPool2d()(unflatten(x)).to_vector<float>(), (Floats{3, 4, 9, 10}));
  EXPECT_EQ(nn::AvgPool2d(Size2d(1, 3))(nn::Unflatten({1, 3, 2})(x)).shape(), (Shape{2, 1, 1, 2}));
  EXPECT_EQ(nn::AdaptiveAvgPool2d(Size2d(1, 2))(unflatten(x)).shape(), (Shape{2, 1, 2, 2}));
}

Sequential network(Generator& generator) {
  return Sequential(nn::Conv2d(2, 3, 3, generator, {.padding = 1}), nn::BatchNorm2d(3), nn::ReLU(),
                    nn::Conv2d(3, 4, 3, generator, {.padding = 1}), nn::ReLU(), nn::MaxPool2d(2),
                    nn::Conv2d(4, 4, 3, generator), nn::Tanh(), nn::Flatten(),
                    Sequential(nn::Dropout(0.25, generator), nn::Linear(16, 3, generator)));
}

TEST_P(Layers, FusedNetworksGiveTheSameInBothModes) {
  Generator generator(8), same(8);
  Sequential apart = network(generator), other = network(same);
  Sequential fused = nn::fuse(other);
  for (Sequential* model : {&apart, &fused}) model->to(GetParam());
  Tensor x = empty({5, 8, 8, 2});
  normal_(x, 0, 1, generator.next());
  x = x.to(GetParam());
  // Sums of up to 36 terms in another order on the gpu, through three layers of them.
  const auto expect_near = [](const Tensor& a, const Tensor& b) {
    const Floats left = a.to_vector<float>(), right = b.to_vector<float>();
    ASSERT_EQ(left.size(), right.size());
    for (std::size_t i = 0; i < left.size(); ++i) EXPECT_NEAR(left[i], right[i], 1e-5) << i;
  };
  for (const bool training : {true, false}) {
    apart.train(training), fused.train(training);
    EXPECT_EQ(other[1].is_training(), training) << "the mode reaches the layers that were fused";
    const Tensor y = apart(x), z = fused(x);
    expect_near(y, z);
    sum(y).backward();
    sum(z).backward();
    const auto left = apart.named_parameters(), right = fused.named_parameters();
    ASSERT_EQ(left.size(), right.size());
    for (std::size_t i = 0; i < left.size(); ++i) {
      EXPECT_EQ(left[i].first, right[i].first);
      expect_near(left[i].second.grad(), right[i].second.grad());
    }
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(apart.named_buffers()[i].first, fused.named_buffers()[i].first);
      expect_near(apart.named_buffers()[i].second, fused.named_buffers()[i].second);
    }
  }
}

TEST_P(Layers, EvaluateUsesEvaluationModeAndGoesBack) {
  Generator generator(9);
  Sequential model(nn::Linear(4, 3, generator), nn::BatchNorm1d(3), nn::Dropout(0.5, generator));
  model.to(GetParam());
  Tensor x = empty({6, 4});
  normal_(x, 0, 1, generator.next());
  const Dataset data =
      Dataset(x, from_values(std::vector<std::int32_t>{0, 1, 2, 0, 1, 2}, {6}), 3).to(GetParam());
  const Floats before = model.named_buffers()[0].second.to_vector<float>();
  const Summary first = evaluate(model, data.batches(4)), second = evaluate(model, data.batches(4));
  EXPECT_EQ(first.loss, second.loss) << "no dropout";
  EXPECT_EQ(model.named_buffers()[0].second.to_vector<float>(), before);
  EXPECT_TRUE(model.is_training());
  EXPECT_TRUE(model[2].is_training());
}

INSTANTIATE_TEST_SUITE_P(Devices, Layers, ::testing::Values(Device::cpu, Device::gpu),
                         [](const auto& device) { return std::string(name_of(device.param)); });

TEST(ModelState, HasBuffersThatLoadingFills) {
  Generator generator(1), other(2);
  Sequential one = network(generator), two = network(other);
  EXPECT_EQ(one.named_state().size(), one.named_parameters().size() + 2);
  one.named_buffers()[0].second.copy_from(full({3}, 7));
  two.load(one.named_state());
  EXPECT_EQ(two.named_buffers()[0].second.to_vector<float>(), Floats(3, 7.0f));
  EXPECT_EQ(error_of<ShapeError>([&] { two.load(one.named_parameters()); }),
            "load: expected the parameter 1.running_mean, got none");
}

TEST(Layers, RefuseSizesThatMakeNoLayer) {
  Generator generator(1);
  EXPECT_EQ(error_of<ShapeError>([&] { nn::Conv2d(0, 1, 3, generator); }),
            "Conv2d: expected at least 1 channel in, 1 out and a kernel of 1x1, got 0, 1 and 3x3");
  EXPECT_NE(error_of<ShapeError>([&] { nn::Conv2d(1, 1, {0, 3}, generator); }), "");
  EXPECT_EQ(error_of<ShapeError>([&] { nn::BatchNorm(0); }),
            "BatchNorm: expected at least 1 feature, got 0");
  EXPECT_NE(error_of<ShapeError>([&] { nn::Dropout(1.5, generator); }), "");
  EXPECT_EQ(error_of<ShapeError>([&] {
              nn::Conv2d(1, 1, 3, generator, {.stride = {0, 1}});
            }),
            "Conv2d: expected strides and dilations of at least 1 and paddings of at least 0, got "
            "0x1, 1x1 and 0x0");
  EXPECT_NE(error_of<ShapeError>([&] { nn::Conv2d(1, 1, 3, generator, {.padding = -1}); }), "");
  constexpr std::int64_t kHuge = std::int64_t{1} << 31;
  EXPECT_NE(error_of<ShapeError>([&] { nn::Conv2d(kHuge, kHuge, kHuge, generator); }), "");
  EXPECT_EQ(error_of<ShapeError>([] { nn::MaxPool2d(0); }),
            "max_pool2d: expected a window of 1 or more (and at most 2^30), got 0x0");
  EXPECT_NE(error_of<ShapeError>([] { nn::MaxPool2d(2, 2, 5); }), "");
  EXPECT_NE(error_of<ShapeError>([] { nn::AvgPool2d(2, -1); }), "");
  EXPECT_NE(error_of<ShapeError>([] { nn::AdaptiveAvgPool2d(0); }), "");
  EXPECT_NE(error_of<ShapeError>([] { nn::BatchNorm(2, {.epsilon = -1}); }), "");
  EXPECT_EQ(error_of<ShapeError>([&] {
              nn::Unflatten({2, 2})(zeros({3, 5}));
            }),
            "Unflatten: expected x [n, 4], got [3, 5]");
}

}  // namespace
}  // namespace weft
