#include "weft/ops/batch_norm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/shapes.h"
#include "weft/autograd.h"
#include "weft/error.h"
#include "weft/ops/activation.h"
#include "weft/ops/reduction.h"

namespace weft {
namespace {

using Floats = std::vector<float>;
using test::Rng;

constexpr BatchNormOptions kEvaluation{.training = false, .epsilon = 0};

class BatchNormOp : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam() == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
  static Tensor tensor(const Floats& values, Shape shape) {
    return from_values(values, std::move(shape)).to(GetParam()).clone();
  }
  Tensor none_, none_too_;  // undefined running values
};

/// A scalar whose gradient is `weights`: what backward() can start from.
Tensor dot(const Tensor& y, const Tensor& weights) {
  return record("dot", full({}, 0, y.dtype(), y.device()), {y},
                [=](const Tensor&, Gradients& gradients) { gradients.give(0, weights); });
}

TEST_P(BatchNormOp, NormalisesByHandAndMovesTheRunningValues) {
  const Tensor x = tensor({0, 10, 2, 10, 4, 14, 6, 6}, {2, 2, 2});  // channels 0 2 4 6, 10 10 14 6
  const Tensor weight = tensor({1, 2}, {2}), bias = tensor({0, 1}, {2});
  Tensor running_mean = tensor({1, -2}, {2}), running_variance = tensor({1, 3}, {2});
  const BatchNormOptions options{.momentum = 0.25, .epsilon = 0};
  const Tensor y = batch_norm(x, weight, bias, running_mean, running_variance, options);
  const float a = 3 / std::sqrt(5.0f), b = 1 / std::sqrt(5.0f), d = 2 * std::sqrt(2.0f);
  test::expect_close(y.to_vector<float>(), Floats{-a, 1, -b, 1, b, 1 + d, a, 1 - d}, {1e-6, 1e-6});
  EXPECT_EQ(y.shape(), x.shape());
  EXPECT_EQ(y.device(), GetParam());
  // Means 3 and 10, unbiased variances 20 / 3 and 32 / 3.
  test::expect_close(running_mean.to_vector<float>(), Floats{1.5f, 1}, {0, 1e-6});
  test::expect_close(running_variance.to_vector<float>(),
                     Floats{0.75f + 5 / 3.0f, 2.25f + 8 / 3.0f}, {0, 1e-6});
}

TEST_P(BatchNormOp, EvaluationUsesTheRunningValuesAndLeavesThem) {
  const Tensor x = tensor({1, 2, 3, 4}, {2, 2});
  Tensor mean = tensor({1, 0}, {2}), variance = tensor({4, 0.25f}, {2});
  const Tensor y =
      batch_norm(x, tensor({1, 3}, {2}), tensor({0, -1}, {2}), mean, variance, kEvaluation);
  EXPECT_EQ(y.to_vector<float>(), (Floats{0, 11, 1, 23}));
  EXPECT_EQ(batch_norm(x, {}, {}, mean, variance, kEvaluation).to_vector<float>(),
            (Floats{0, 4, 1, 8}));
  EXPECT_EQ(mean.to_vector<float>(), (Floats{1, 0}));
  EXPECT_EQ(variance.to_vector<float>(), (Floats{4, 0.25f}));
}

TEST_P(BatchNormOp, EvaluationHasTheGradientsOfAnAffineMap) {
  Tensor x = tensor({1, 2, 3, 4}, {2, 2}), weight = tensor({1, 3}, {2}),
         bias = tensor({0, -1}, {2});
  x.set_requires_grad(), weight.set_requires_grad(), bias.set_requires_grad();
  Tensor mean = tensor({1, 0}, {2}), variance = tensor({4, 0.25f}, {2});
  const Tensor y = batch_norm(x, weight, bias, mean, variance, kEvaluation);
  mean.copy_from(tensor({9, 9}, {2}));  // what was used is kept
  dot(y, tensor({1, 10, 100, 1000}, {2, 2})).backward();
  EXPECT_EQ(x.grad().to_vector<float>(), (Floats{0.5f, 60, 50, 6000}));
  EXPECT_EQ(weight.grad().to_vector<float>(), (Floats{100, 8040}));
  EXPECT_EQ(bias.grad().to_vector<float>(), (Floats{101, 1010}));
}

TEST_P(BatchNormOp, FusedReluIsReluBehindIt) {
  Rng rng(1);
  for (const bool training : {true, false})
    for (const std::int64_t rows : {20, 7000}) {  // slices; and strips, where all rows do not fit
      const Floats values = rng.normal(rows * 3), gradient = rng.normal(rows * 3);
      std::vector<Floats> results[2];
      for (const bool fused : {false, true}) {
        Tensor x = tensor(values, {rows, 3}), weight = tensor({1, -2, 0.5f}, {3});
        Tensor bias = tensor({0, 0.5f, -0.25f}, {3});
        Tensor mean = tensor({0, 1, 2}, {3}), variance = tensor({1, 2, 3}, {3});
        x.set_requires_grad(), weight.set_requires_grad(), bias.set_requires_grad();
        BatchNormOptions options{.training = training};
        if (fused) options.activation = Activation::relu;
        Tensor y = batch_norm(x, weight, bias, mean, variance, options);
        if (!fused) y = relu(y);
        dot(y, tensor(gradient, {rows, 3})).backward();
        for (const Tensor& t : {y, x.grad(), weight.grad(), bias.grad(), mean, variance})
          results[fused].push_back(t.to_vector<float>());
      }
      for (std::size_t i = 0; i < results[0].size(); ++i)
        test::expect_equal(results[1][i], results[0][i], "result " + std::to_string(i));
    }
}

TEST_P(BatchNormOp, ConstantChannelsGiveTheBiasAndNanStaysInItsChannel) {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  for (const std::int64_t rows : {33, 7000}) {
    Floats values, expected;
    for (std::int64_t r = 0; r < rows; ++r) {
      values.insert(values.end(),
                    {12345.678f, r == rows / 2 ? kNaN : 1.0f, r % 2 == 0 ? -1.0f : 1.0f,
                     r == 0 ? std::numeric_limits<float>::infinity() : 0.0f, 0.1f});
      expected.insert(expected.end(), {7, kNaN, 0, kNaN, -3});
    }
    const Tensor x = tensor(values, {rows, 5}), bias = tensor({7, 0, 0, 0, -3}, {5});
    Tensor mean = tensor(Floats(5, 0.0f), {5}), variance = tensor(Floats(5, 1.0f), {5});
    Floats y = batch_norm(x, tensor(Floats(5, 1.0f), {5}), bias, mean, variance).to_vector<float>();
    for (std::size_t i = 2; i < y.size(); i += 5) {
      EXPECT_NEAR(std::abs(y[i]), 1, 0.1);
      y[i] = 0;
    }
    test::expect_equal(y, expected, "y", test::Content::any);
    EXPECT_FALSE(std::isnan(mean.to_vector<float>()[0] + mean.to_vector<float>()[2]));
    EXPECT_TRUE(std::isnan(mean.to_vector<float>()[1]));
  }
}

TEST_P(BatchNormOp, EmptyTensors) {
  Tensor mean = tensor({1, 2}, {2}), variance = tensor({1, 1}, {2});
  Tensor weight = tensor({1, 1}, {2}), bias = tensor({0, 0}, {2});
  weight.set_requires_grad(), bias.set_requires_grad();
  const Tensor y = batch_norm(tensor({}, {0, 3, 2}), weight, bias, mean, variance, kEvaluation);
  EXPECT_EQ(y.shape(), (Shape{0, 3, 2}));
  dot(y, tensor({}, {0, 3, 2})).backward();
  EXPECT_EQ(weight.grad().to_vector<float>(), Floats(2, 0.0f));
  EXPECT_EQ(bias.grad().to_vector<float>(), Floats(2, 0.0f));
  EXPECT_EQ(batch_norm(tensor({}, {5, 0}), {}, {}, none_, none_too_).shape(), (Shape{5, 0}));
}

INSTANTIATE_TEST_SUITE_P(Devices, BatchNormOp, ::testing::Values(Device::cpu, Device::gpu),
                         [](const auto& device) { return std::string(name_of(device.param)); });

TEST(BatchNorm, HasTheGradientsOfFiniteDifferences) {
  Rng rng(2);
  for (const bool training : {true, false})
    for (const Activation activation : {Activation::none, Activation::relu})
      for (const bool affine : {true, false}) {
        const Tensor x = from_values(rng.normal<double>(2 * 3 * 3, 2, 3), {2, 3, 3});
        std::vector<Tensor> inputs{x};
        if (affine)
          inputs.insert(inputs.end(), {from_values(rng.normal<double>(3, 1), {3}),
                                       from_values(rng.normal<double>(3), {3})});
        const auto function = [&](const std::vector<Tensor>& in) {
          Tensor mean = from_values(std::vector<double>{1, 2, 3}, {3});
          Tensor variance = from_values(std::vector<double>{4, 1, 9}, {3});
          return batch_norm(in[0], affine ? in[1] : Tensor(), affine ? in[2] : Tensor(), mean,
                            variance, {.training = training, .activation = activation});
        };
        for (const double y : function(inputs).to_vector<double>())
          ASSERT_TRUE(y == 0 || std::abs(y) > 1e-4);  // none near ReLU's kink
        EXPECT_EQ(gradient_check(function, inputs), "")
            << training << " " << static_cast<int>(activation) << " " << affine;
      }
}

TEST(BatchNorm, RefusesWhatItCannotTake) {
  const auto error = [](const Tensor& x, const Tensor& weight, Tensor mean, Tensor variance,
                        const BatchNormOptions& options = {}) {
    return test::error_of<ShapeError>([&] { batch_norm(x, weight, {}, mean, variance, options); });
  };
  const Tensor x = zeros({4, 3}), none;
  EXPECT_EQ(error(zeros({3}), none, none, none),
            "batch_norm: expected x of rank 2 or more, got [3]");
  EXPECT_EQ(error(x, zeros({4}), none, none), "batch_norm: expected weight [3], got [4]");
  EXPECT_EQ(error(x, zeros({3}, DType::float64), none, none),
            "batch_norm: expected equal dtypes, got float32 and float64");
  EXPECT_EQ(error(zeros({4, 3}, DType::int32), none, none, none),
            "batch_norm: expected x of float32 (float64 on the cpu), got int32 on the cpu");
  EXPECT_EQ(error(x, none, zeros({3}), none),
            "batch_norm: expected running_mean and running_variance, or neither");
  EXPECT_EQ(error(x, none, none, none, kEvaluation),
            "batch_norm: expected running_mean and running_variance in evaluation");
  EXPECT_EQ(
      error(zeros({1, 1, 3}), none, none, none),
      "batch_norm: expected more than one value for each channel in training, got x [1, 1, 3]");
  EXPECT_EQ(error(x, none, none, none, {.activation = Activation::tanh}),
            "batch_norm: expected no activation or relu");
  EXPECT_EQ(error(x, none, none, none, {.epsilon = -1}),
            "batch_norm: expected an epsilon of 0 or more, got -1.000000");
  for (const BatchNormOptions& options : {BatchNormOptions{.momentum = -0.5}, {.momentum = 1.5}})
    EXPECT_NE(error(x, none, none, none, options), "");
  EXPECT_EQ(error(x, none, none, none, {.momentum = std::nan("")}),
            "batch_norm: expected a momentum of 0 to 1, got nan");
}

TEST(BatchNorm, RunningValuesAreInMemoryOfTheirOwn) {
  const Tensor x = zeros({4, 3}), one = full({3}, 1), two = full({3}, 1);
  const auto error = [&](const Tensor& weight, const Tensor& bias, Tensor mean, Tensor variance) {
    return test::error_of<ShapeError>([&] { batch_norm(x, weight, bias, mean, variance); });
  };
  const std::string message =
      "batch_norm: expected running_mean and running_variance in memory of their own, got memory "
      "that they share with each other, x, weight or bias";
  EXPECT_EQ(error({}, {}, one, one), message);
  EXPECT_EQ(error(one, {}, one, two), message);
  EXPECT_EQ(error({}, two, one, two), message);
  EXPECT_EQ(error({}, {}, one, x.rows(1, 2).reshape({3})), message);
  Tensor same = one;
  batch_norm(x, one, one, same, same, kEvaluation);  // which only reads them
}

TEST(BatchNorm, RowsWithoutChannelsTakeNoTime) {
  constexpr std::int64_t kMany = std::int64_t{1} << 58;
  Tensor none = zeros({0});
  for (const Shape& shape : {Shape{kMany, 0}, Shape{kMany, kMany, 4, 0}}) {
    Tensor x = zeros(shape);
    x.set_requires_grad();
    sum(batch_norm(x, none, none, none, none)).backward();
    EXPECT_EQ(x.grad().shape(), shape);
  }
}

}  // namespace
}  // namespace weft
