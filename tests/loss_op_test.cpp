#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/shapes.h"
#include "weft/autograd.h"
#include "weft/error.h"
#include "weft/ops/elementwise.h"
#include "weft/ops/loss.h"

namespace weft {
namespace {

using test::error_of;
using test::Rng;

Tensor labels_of(std::vector<std::int32_t> values) {
  const auto size = static_cast<std::int64_t>(values.size());
  return from_values(values, {size});
}

TEST(CrossEntropyOp, GradientAgreesWithDifferences) {
  Rng rng(1);
  const Tensor logits = from_values(rng.normal<double>(15), {3, 5});
  const Tensor labels = labels_of({4, 0, 2});
  const auto loss = [&](const std::vector<Tensor>& in) { return cross_entropy(in[0], labels); };
  EXPECT_EQ(gradient_check(loss, {logits}), "");
}

TEST(CrossEntropyOp, AScaledLossHasAScaledGradient) {
  Rng rng(2);
  const auto values = rng.normal(40);
  const Tensor labels = labels_of({9, 0, 5, 5});
  const auto gradient = [&](double scale) {
    Tensor logits = from_values(values, {4, 10}).set_requires_grad();
    const Tensor loss = cross_entropy(logits, labels);
    (scale == 1 ? loss : multiply(loss, full({}, scale))).backward();
    return logits.grad().to_vector<float>();
  };
  auto expected = gradient(1);
  for (float& g : expected) g *= 4;  // exact
  test::expect_equal(gradient(4), expected, "four times the loss");
}

TEST(CrossEntropyOp, GradientsOfALeafAddUp) {
  Rng rng(3);
  Tensor logits = from_values(rng.normal(20), {2, 10}).set_requires_grad();
  const Tensor labels = labels_of({1, 8});
  cross_entropy(logits, labels).backward();
  const auto once = logits.grad().to_vector<float>();
  cross_entropy(logits, labels).backward();
  auto twice = once;
  for (float& g : twice) g *= 2;
  test::expect_equal(logits.grad().to_vector<float>(), twice);
}

TEST(CrossEntropyOp, IsTheSameOnBothDevices) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Rng rng(4);
  const Tensor on_cpu = from_values(rng.normal(1000), {100, 10});
  std::vector<std::int32_t> classes;
  for (int i = 0; i < 100; ++i) classes.push_back(static_cast<std::int32_t>(rng.integer(0, 9)));
  const auto run = [&](Device device) {
    Tensor logits = on_cpu.to(device).clone().set_requires_grad();
    const Tensor loss = cross_entropy(logits, labels_of(classes).to(device));
    EXPECT_EQ(loss.device(), device);
    EXPECT_EQ(loss.rank(), 0);
    loss.backward();
    EXPECT_EQ(logits.grad().device(), device);
    return std::pair(loss.item(), logits.grad().to_vector<float>());
  };
  const auto [loss_cpu, gradient_cpu] = run(Device::cpu);
  const auto [loss_gpu, gradient_gpu] = run(Device::gpu);
  EXPECT_NEAR(loss_gpu, loss_cpu, 1e-6 * loss_cpu);
  test::expect_close(gradient_gpu, gradient_cpu, {1e-8, 1e-5}, "gradient");  // p in 1, 1/100 of it
}

// Rows that take a workspace on the GPU, against float64.
TEST(CrossEntropyOp, LongRowsAreRightInEveryScheme) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Rng rng(5);
  for (const std::int64_t cols : {20000, 40000, 70000}) {
    const auto values = rng.normal(2 * cols);
    const auto run = [&]<class T>(Device device) {
      Tensor logits = from_values(std::vector<T>(values.begin(), values.end()), {2, cols})
                          .to(device)
                          .set_requires_grad();
      const Tensor loss =
          cross_entropy(logits, labels_of({17, static_cast<std::int32_t>(cols - 1)}).to(device));
      loss.backward();
      return std::pair(loss.item(), logits.grad().template to_vector<T>());
    };
    const auto [loss, gradient] = run.template operator()<float>(Device::gpu);
    const auto [loss_expected, expected] = run.template operator()<double>(Device::cpu);
    // At most 76 roundings of the sum and 12 of a range of 10.
    EXPECT_NEAR(loss, loss_expected, 0x1p-24 * 200) << cols;
    test::expect_close(gradient, expected, {1e-38, 0x1p-24 * 100}, std::to_string(cols));
  }
}

TEST(CrossEntropyOp, WithoutRecordingThereIsNoGradient) {
  Tensor logits = full({2, 3}, 1).set_requires_grad();
  const NoGrad off;
  EXPECT_FALSE(cross_entropy(logits, labels_of({0, 1})).requires_grad());
}

TEST(CrossEntropyOp, BadInputIsASentence) {
  const Tensor logits = full({2, 3}, 0);
  EXPECT_EQ(error_of<ShapeError>([&] { cross_entropy(logits, labels_of({0})); }),
            "cross_entropy: expected labels [2], got [1]");
  EXPECT_EQ(error_of<ShapeError>([&] { cross_entropy(logits, full({2}, 0)); }),
            "cross_entropy: expected labels of int32, got float32");
  EXPECT_EQ(error_of<ShapeError>([&] {
              cross_entropy(full({6}, 0), labels_of({0, 1}));
            }),
            "cross_entropy: expected logits of rank 2, got [6]");
  EXPECT_EQ(error_of<ShapeError>([&] {
              cross_entropy(empty({0, 3}), labels_of({}));
            }),
            "cross_entropy: expected at least one row, got [0, 3]");
  if (gpu_available()) {
    EXPECT_EQ(
        error_of<ShapeError>([&] {
          cross_entropy(logits.to(Device::gpu), labels_of({0, 1}));
        }),
        "cross_entropy: expected all tensors on one device, got one on the gpu and one on the cpu");
  }
  EXPECT_TRUE(std::isnan(cross_entropy(logits, labels_of({0, 3})).item()));
  EXPECT_TRUE(std::isnan(cross_entropy(empty({2, 0}), labels_of({0, 0})).item()));
}

}  // namespace
}  // namespace weft
