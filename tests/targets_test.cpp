// Data sets with numbers to predict in place of classes, and the count of yes-or-no answers.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "kernels/reduction/reduction.h"
#include "src/cpu/reduction.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/guarded.h"
#include "tests/support/shapes.h"
#include "weft/data.h"
#include "weft/error.h"
#include "weft/metrics.h"
#include "weft/nn.h"
#include "weft/ops/activation.h"
#include "weft/ops/loss.h"
#include "weft/ops/reduction.h"
#include "weft/optim.h"
#include "weft/training_step.h"

namespace weft {
namespace {

using test::error_of;
using test::Guarded;

std::int32_t count_right(Device device, const std::vector<float>& scores,
                         const std::vector<float>& targets, float threshold,
                         std::int64_t misalign) {
  Guarded<float> from(scores, device, misalign), to(targets, device);
  Guarded<std::int32_t> count(std::vector<std::int32_t>{5}, device);
  if (device == Device::gpu)
    kernels::add_correct_by_threshold(from.data(), to.data(), threshold, count.data(), from.size(),
                                      current_stream());
  else
    cpu::add_correct_by_threshold(from.data(), to.data(), threshold, count.data(), from.size());
  return count.download()[0];
}

void check(Device device, test::Rng& rng, std::int64_t size, std::int64_t misalign) {
  const auto scores = rng.small_integers(size), targets = rng.small_integers(size, 0, 1);
  std::int32_t right = 5;
  for (std::size_t i = 0; i < scores.size(); ++i)
    right += (scores[i] > 1.0f) == (targets[i] == 1.0f) ? 1 : 0;
  EXPECT_EQ(count_right(device, scores, targets, 1.0f, misalign), right) << size;
}

TEST(AnswersByThreshold, TwinCounts) {
  test::for_each_seed("cpu add_correct_by_threshold",
                      [](test::Rng& rng) { check(Device::cpu, rng, rng.size(500), 0); });
}

TEST(AnswersByThreshold, KernelCounts) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng edges(1);
  for (const std::int64_t size : test::edge_sizes(256)) check(Device::gpu, edges, size, 1);
  test::for_each_seed("add_correct_by_threshold_kernel", [](test::Rng& rng) {
    check(Device::gpu, rng, rng.size(2000), rng.integer(0, 3));
  });
}

class Targets : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam() == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
  static Tensor values(const std::vector<float>& x, Shape shape) {
    return from_values(x, std::move(shape)).to(GetParam());
  }
};

TEST_P(Targets, ComeWithTheirInputsInEveryOrder) {
  std::vector<float> x, y;
  for (int i = 0; i < 10; ++i) {
    x.push_back(static_cast<float>(i));
    for (int k = 0; k < 3; ++k) y.push_back(static_cast<float>(10 * i + k));
  }
  const Dataset data(values(x, {10, 1}), values(y, {10, 3}));
  EXPECT_EQ(data.size(), 10);
  EXPECT_EQ(data.classes(), 0);
  std::vector<float> seen;
  for (const Batch& batch : data.batches(4, Order::shuffled(3, 1))) {
    EXPECT_EQ(batch.y.shape(), (Shape{batch.x.size(0), 3}));
    const auto inputs = batch.x.to_vector<float>(), targets = batch.y.to_vector<float>();
    for (std::size_t r = 0; r < inputs.size(); ++r) {
      seen.push_back(inputs[r]);
      for (std::size_t k = 0; k < 3; ++k)
        EXPECT_EQ(targets[3 * r + k], 10 * inputs[r] + static_cast<float>(k));
    }
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(seen, x);
  EXPECT_EQ(data.gather(2, 3).y.shape(), (Shape{3, 3}));
  EXPECT_EQ(data.first(2).gather(1, 1).y.to_vector<float>(), (std::vector<float>{10, 11, 12}));
}

TEST_P(Targets, AreTrainedOnAndJudgedByAThreshold) {
  const Dataset data(values({-2, -1, 1, 2}, {4, 1}), values({0, 0, 1, 1}, {4, 1}));
  Generator generator(1);
  nn::Sequential model(nn::Linear(1, 1, generator), nn::Sigmoid());
  model.to(GetParam());
  Sgd sgd(model.parameters(), {.lr = 1});
  TrainingStep step{
      [&](const Batch& batch) { return binary_cross_entropy(model(batch.x), batch.y); }, sgd};
  for (int epoch = 0; epoch < 30; ++epoch) step.run(data.batches(3));
  EXPECT_EQ(step.metrics().rows, 4);
  const Summary after = evaluate(model, data.batches(3), binary_cross_entropy);
  EXPECT_EQ(after.correct, 4);
  EXPECT_EQ(after.rows, 4);
  EXPECT_LT(after.loss, 0.2);
  EXPECT_EQ(evaluate(model, data.batches(3), mse_loss, 2).correct, 2);  // all "no"
}

INSTANTIATE_TEST_SUITE_P(Devices, Targets, ::testing::Values(Device::cpu, Device::gpu),
                         [](const auto& device) { return std::string(name_of(device.param)); });

TEST(Targets, ThatDoNotFitAreRefused) {
  EXPECT_EQ(error_of<ShapeError>([] {
              Dataset(zeros({3, 1}), zeros({2, 1}));
            }),
            "dataset: expected a target for each of 3 inputs, got 2");
  EXPECT_EQ(error_of<ShapeError>([] {
              Dataset(zeros({3, 1}), zeros({3}, DType::int32));
            }),
            "dataset: expected targets [n, ...] of float32, got int32 [3]");
  Tensor count = zeros({}, DType::int32);
  EXPECT_EQ(error_of<ShapeError>([&] {
              add_correct_(count, zeros({3, 1}), zeros({3}), 0.5);
            }),
            "add_correct_: expected targets [3, 1], got [3]");
}

}  // namespace
}  // namespace weft
