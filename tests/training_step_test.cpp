#include "weft/training_step.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "src/device/pool.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/shapes.h"
#include "weft/autograd.h"
#include "weft/error.h"
#include "weft/ops/gemm.h"
#include "weft/ops/loss.h"
#include "weft/profile.h"

namespace weft {
namespace {

using test::expect_close;

constexpr std::int64_t kFeatures = 20, kClasses = 4, kSamples = 530, kBatch = 50;
constexpr double kRate = 0.2;

// Points about one centre for each class.
Dataset clusters() {
  test::Rng rng(17);
  const std::vector<float> centres = rng.normal(kClasses * kFeatures);
  std::vector<float> x = rng.normal(kSamples * kFeatures, 0, 0.7);
  std::vector<std::int32_t> y;
  for (std::int64_t i = 0; i < kSamples; ++i) {
    y.push_back(static_cast<std::int32_t>(rng.integer(0, kClasses - 1)));
    for (std::int64_t j = 0; j < kFeatures; ++j)
      x[static_cast<std::size_t>(i * kFeatures + j)] +=
          centres[static_cast<std::size_t>(y.back() * kFeatures + j)];
  }
  return {from_values(x, {kSamples, kFeatures}), from_values(y, {kSamples}), kClasses};
}

struct Trained {
  std::vector<float> losses, weight, bias;
};

Trained train(Device device, std::uint32_t epochs) {
  const Dataset data = clusters().to(device);
  Generator generator(3);
  nn::Linear model(kFeatures, kClasses, generator);
  model.to(device);
  Sgd optimizer(model.parameters(), {.lr = kRate});
  TrainingStep step([&](const Batch& b) { return cross_entropy(model(b.x), b.y); }, optimizer);
  Trained run;
  for (std::uint32_t epoch = 0; epoch < epochs; ++epoch) {
    step.run(data.batches(kBatch, Order::shuffled(5, epoch)));
    const Summary summary = step.metrics();
    EXPECT_EQ(summary.rows, kSamples);
    run.losses.insert(run.losses.end(), summary.losses.begin(), summary.losses.end());
  }
  run.weight = model.weight.to_vector<float>();
  run.bias = model.bias.to_vector<float>();
  return run;
}

// Softmax regression by hand, in double: the losses of its steps.
std::vector<double> train_in_double(std::uint32_t epochs) {
  const Dataset data = clusters();
  Generator generator(3);
  const nn::Linear start(kFeatures, kClasses, generator);
  std::vector<double> w = test::as_doubles(start.weight.to_vector<float>());
  std::vector<double> b = test::as_doubles(start.bias.to_vector<float>());
  std::vector<double> losses;
  for (std::uint32_t epoch = 0; epoch < epochs; ++epoch)
    for (std::int64_t begin = 0; begin < kSamples; begin += kBatch) {
      const std::int64_t rows = std::min(kBatch, kSamples - begin);
      const Batch batch = data.gather(begin, rows, Order::shuffled(5, epoch));
      const std::vector<float> x = batch.x.to_vector<float>();
      const std::vector<std::int32_t> y = batch.y.to_vector<std::int32_t>();
      std::vector<double> dw(w.size(), 0.0), db(b.size(), 0.0);
      double loss = 0;
      for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r) {
        double p[kClasses], sum = 0;
        for (std::size_t c = 0; c < kClasses; ++c) {
          double z = b[c];
          for (std::size_t f = 0; f < kFeatures; ++f)
            z += w[c * kFeatures + f] * x[r * kFeatures + f];
          sum += p[c] = std::exp(z);
        }
        const auto label = static_cast<std::size_t>(y[r]);
        loss -= std::log(p[label] / sum) / static_cast<double>(rows);
        for (std::size_t c = 0; c < kClasses; ++c) {
          const double d = (p[c] / sum - (c == label ? 1 : 0)) / static_cast<double>(rows);
          db[c] += d;
          for (std::size_t f = 0; f < kFeatures; ++f)
            dw[c * kFeatures + f] += d * x[r * kFeatures + f];
        }
      }
      for (std::size_t i = 0; i < w.size(); ++i) w[i] -= kRate * dw[i];
      for (std::size_t i = 0; i < b.size(); ++i) b[i] -= kRate * db[i];
      losses.push_back(loss);
    }
  return losses;
}

// float32 over a few dozen steps of a convex problem: rounding does not grow.
constexpr test::Tolerance kFloatRun{.abs = 1e-6, .rel = 1e-4};

TEST(TrainingStep, FollowsTheSameRunInDouble) {
  const std::vector<double> expected = train_in_double(4);
  const Trained run = train(Device::cpu, 4);
  expect_close(run.losses, expected, kFloatRun, "losses of 4 epochs");
  EXPECT_LT(run.losses.back(), 0.5 * run.losses.front()) << "and learns";
}

TEST(TrainingStep, TheGpuGivesTheSameRun) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  const Trained cpu = train(Device::cpu, 2), gpu = train(Device::gpu, 2);
  expect_close(gpu.losses, cpu.losses, kFloatRun, "losses");
  expect_close(gpu.weight, cpu.weight, kFloatRun, "weight");
  expect_close(gpu.bias, cpu.bias, kFloatRun, "bias");
}

TEST(TrainingStep, SameSeedSameBits) {
  std::vector<Device> devices{Device::cpu};
  if (gpu_available()) devices.push_back(Device::gpu);
  for (const Device device : devices) {
    const Trained first = train(device, 2), second = train(device, 2);
    test::expect_same_bits(first.losses, second.losses, name_of(device));
    test::expect_same_bits(first.weight, second.weight, name_of(device));
    test::expect_same_bits(first.bias, second.bias, name_of(device));
  }
}

TEST(TrainingStep, RunsOnOneBatchAndReturnsTheLoss) {
  const Dataset data = clusters();
  Generator generator(3);
  nn::Linear model(kFeatures, kClasses, generator);
  Sgd optimizer(model.parameters(), {.lr = kRate});
  TrainingStep step([&](const Batch& b) { return cross_entropy(model(b.x), b.y); }, optimizer);
  const Batch batch = data.gather(0, kSamples);
  const double before = cross_entropy(model(batch.x), batch.y).item();
  const Tensor loss = step.run(batch);
  EXPECT_EQ(loss.item(), before) << "of the parameters before the update";
  EXPECT_FALSE(loss.requires_grad());
  EXPECT_LT(step.run(batch).item(), before);
  EXPECT_EQ(step.metrics().losses.size(), 2u);
  EXPECT_EQ(step.metrics().rows, 2 * kSamples);
}

TEST(TrainingStep, TakesItsMemoryOnce) {
  if (!kPoolCaches) GTEST_SKIP() << "AddressSanitizer: every block is fresh";
  std::vector<Device> devices{Device::cpu};
  if (gpu_available()) devices.push_back(Device::gpu);
  for (const Device device : devices) {
    const Dataset data = clusters().to(device);
    Generator generator(3);
    nn::Linear model(kFeatures, kClasses, generator);
    model.to(device);
    Sgd optimizer(model.parameters(), {.lr = kRate});
    TrainingStep step([&](const Batch& b) { return cross_entropy(model(b.x), b.y); }, optimizer);
    step.run(data.batches(kBatch));
    const std::size_t before = pool_of(device).statistics().from_device;
    for (int i = 0; i < 3; ++i) step.run(data.batches(kBatch));
    EXPECT_EQ(pool_of(device).statistics().from_device, before) << name_of(device);
  }
}

TEST(TrainingStep, ABackwardThatFailsLeavesNoGradientForTheNextStep) {
  const Dataset data = clusters();
  Generator generator(3);
  nn::Linear model(kFeatures, kClasses, generator);
  Sgd optimizer(model.parameters(), {.lr = kRate});
  bool fails = true;
  TrainingStep step(
      [&](const Batch& b) {
        const Tensor loss = cross_entropy(model(b.x), b.y);
        if (!fails) return loss;
        return record("half", loss.detach().clone(), {model.bias},
                      [](const Tensor&, Gradients& gradients) {
                        gradients.give(0, full({kClasses}, 1));
                        throw DeviceError("lost");
                      });
      },
      optimizer);
  const Batch batch = data.gather(0, kSamples);
  EXPECT_EQ(test::error_of<DeviceError>([&] { step.run(batch); }), "lost");
  test::expect_equal(optimizer.gradients().to_vector<float>(),
                     std::vector<float>(static_cast<std::size_t>(optimizer.gradients().size())), "",
                     test::Content::any);
  fails = false;
  const Tensor before = step.run(batch);
  EXPECT_LT(step.run(batch).item(), before.item());
}

TEST(TrainingStep, TrainsInDoubleAsWell) {
  Tensor weight = full({3, 2}, 0.5, DType::float64);
  weight.set_requires_grad();
  Sgd sgd({weight}, {.lr = 0.25});
  const Tensor x = full({1, 2}, 1.0, DType::float64);
  TrainingStep step{[&](const Batch& batch) { return cross_entropy(linear(x, weight), batch.y); },
                    sgd};
  const Batch batch{x, zeros({1}, DType::int32)};
  const double loss = step.run(batch).item();
  EXPECT_NEAR(loss, std::log(3.0), 1e-12);
  EXPECT_EQ(step.metrics().losses, std::vector<float>{static_cast<float>(loss)});
}

TEST(TrainingStep, ALossThatIsNoScalarIsRefused) {
  const Dataset data = clusters();
  Generator generator(3);
  nn::Linear model(kFeatures, kClasses, generator);
  Sgd optimizer(model.parameters(), {.lr = kRate});
  TrainingStep step([&](const Batch& b) { return model(b.x); }, optimizer);
  EXPECT_NE(test::error_of<ShapeError>([&] { step.run(data.batches(kBatch)); }), "");
}

TEST(Evaluate, GivesTheLossAndTheCountOfTheWholeSet) {
  const Dataset data = clusters();
  Generator generator(9);
  nn::Linear model(kFeatures, kClasses, generator);
  const Summary summary = evaluate(model, data.batches(kBatch));
  const Batch all = data.gather(0, kSamples);
  const Tensor scores = model(all.x);
  EXPECT_NEAR(summary.loss, cross_entropy(scores, all.y).item(), 1e-5);
  std::int64_t correct = 0;
  const std::vector<float> s = scores.to_vector<float>();
  const std::vector<std::int32_t> y = all.y.to_vector<std::int32_t>();
  for (std::size_t i = 0; i < y.size(); ++i) {
    const auto row = s.begin() + static_cast<std::ptrdiff_t>(i) * kClasses;
    correct += std::max_element(row, row + kClasses) - row == y[i];
  }
  EXPECT_EQ(summary.correct, correct);
  EXPECT_EQ(summary.rows, kSamples);
  EXPECT_GT(correct, 0);
  EXPECT_LT(correct, kSamples);
  EXPECT_TRUE(grad_enabled());
  if (!gpu_available()) return;
  model.to(Device::gpu);
  const Summary there = evaluate(model, data.to(Device::gpu).batches(kBatch));
  EXPECT_NEAR(there.loss, summary.loss, 1e-5);
  EXPECT_EQ(there.correct, summary.correct);
}

TEST(Evaluate, RecordsNothing) {
  struct Spy : nn::Module {
    Tensor forward(const Tensor& x) override {
      was_recording = was_recording || grad_enabled();
      return zeros({x.size(0), kClasses});
    }
    bool was_recording = false;
  } model;
  EXPECT_EQ(evaluate(model, clusters().batches(kBatch)).rows, kSamples);
  EXPECT_FALSE(model.was_recording);
}

TEST(Profile, CountsTheOpsOfATrainingRun) {
  set_profiling(true);
  train(Device::cpu, 1);
  set_profiling(false);
  const std::string report = profile_report();
  EXPECT_NE(report.find("cross_entropy"), std::string::npos) << report;
  EXPECT_NE(report.find("linear"), std::string::npos) << report;
  EXPECT_NE(report.find("cpu"), std::string::npos) << report;
  train(Device::cpu, 1);
  EXPECT_EQ(profile_report(), report) << "nothing is counted while it is off";
}

}  // namespace
}  // namespace weft
