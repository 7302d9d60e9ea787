// Lesson 04's training on real data: the CPU path and the kernels walk the same way.

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/support/compare.h"
#include "tests/support/data_folder.h"
#include "weft/io.h"
#include "weft/nn.h"
#include "weft/ops/loss.h"
#include "weft/optim.h"
#include "weft/training_step.h"

namespace {

using namespace weft;

constexpr std::int64_t kSteps = 50, kBatch = 100;
constexpr std::uint64_t kSeed = 1;

const Dataset& train() {
  static const Dataset kTrain = [] {
    const LabelledImages images = read_labelled_images(test::data_folder() / "mnist", "train");
    return Dataset(images.images, images.labels, 10, {.scale = 1.0f / 255});
  }();
  return kTrain;
}

// The losses of the first steps of an epoch over all 60,000 pictures.
std::vector<float> first_losses(Device device) {
  Generator generator(kSeed);
  nn::Linear model(784, 10, generator);
  model.to(device);
  Sgd sgd(model.parameters(), {.lr = 0.1});
  TrainingStep step{[&](const Batch& batch) { return cross_entropy(model(batch.x), batch.y); },
                    sgd};
  const Dataset data = train().to(device);
  const Order order = Order::shuffled(kSeed, 1);
  for (std::int64_t i = 0; i < kSteps; ++i) step.run(data.gather(i * kBatch, kBatch, order));
  return step.metrics().losses;
}

TEST(LessonDevices, FirstFiftyLossesAgree) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  const std::vector<float> cpu = first_losses(Device::cpu), gpu = first_losses(Device::gpu);
  ASSERT_EQ(cpu.size(), static_cast<std::size_t>(kSteps));
  EXPECT_NEAR(cpu[0], std::log(10.0f), 0.2f);  // ten digits, nothing learned
  EXPECT_LT(cpu.back(), 0.5f * cpu.front());
  test::expect_close(gpu, cpu, {.abs = 0, .rel = 1e-3}, "losses of steps 1 to 50");
}

TEST(LessonDevices, SameDeviceSameBits) {
  test::expect_same_bits(first_losses(Device::cpu), first_losses(Device::cpu),
                         "two runs on the cpu");
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::expect_same_bits(first_losses(Device::gpu), first_losses(Device::gpu),
                         "two runs on the gpu");
}

}  // namespace
