// A training that loses its numbers: the lesson stops, keeps what was written, and says where it began.

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "lessons/support/divergence.h"
#include "tests/support/compare.h"
#include "tests/support/lesson_program.h"
#include "tests/support/temporary_folder.h"
#include "weft/nn.h"
#include "weft/ops/loss.h"
#include "weft/optim.h"
#include "weft/training_step.h"

namespace {

using namespace weft;
using lessons::Divergence;
using test::get;
using test::has;

constexpr std::int64_t kSamples = 42, kInputs = 3, kBatch = 8;  // five batches and a small one
constexpr int kSteps = 6;

Dataset line_data(Device device) {
  std::vector<float> x, y;
  for (int i = 0; i < kSamples; ++i) {
    float sum = 0;
    for (int k = 0; k < kInputs; ++k) {
      x.push_back(static_cast<float>((7 * i + 5 * k) % 11) - 5);
      sum += x.back();
    }
    y.push_back(sum);
  }
  return Dataset(from_values(x, {kSamples, kInputs}), from_values(y, {kSamples, 1})).to(device);
}

nn::Sequential network(const std::string& name) {
  Generator g(1);
  if (name == "batch_norm")
    return nn::Sequential(nn::Linear(kInputs, 4, g), nn::BatchNorm(4), nn::ReLU(),
                          nn::Linear(4, 1, g));
  if (name == "dropout")
    return nn::Sequential(nn::Linear(kInputs, 16, g), nn::Dropout(0.5, g), nn::Linear(16, 1, g));
  return nn::Sequential(nn::Linear(kInputs, 4, g), nn::ReLU(), nn::Linear(4, 1, g));
}

std::unique_ptr<Optimizer> optimizer(const std::string& name, nn::Module& model, double lr) {
  if (name == "adam") return std::make_unique<Adam>(model.parameters(), AdamOptions{.lr = lr});
  return std::make_unique<Sgd>(model.parameters(),
                               SgdOptions{.lr = lr, .momentum = name == "momentum" ? 0.9 : 0.0});
}

// A training as TrainingLog watches it.
struct Trained {
  Trained(const std::string& model_name, const std::string& optimizer_name, double lr,
          Device device)
      : data(line_data(device)), model(network(model_name)) {
    model.to(device);
    sgd = optimizer(optimizer_name, model, lr);
  }

  Tensor loss(const Batch& batch) { return mse_loss(model(batch.x), batch.y); }
  Batches batches(int epoch) const {
    return data.batches(kBatch, Order::shuffled(3, static_cast<std::uint32_t>(epoch)));
  }
  lessons::WatchedTraining watched() {
    return {model, *sgd, [this](const Batch& b) { return loss(b); },
            [this](int epoch) { return batches(epoch); }};
  }

  // Everything that a step depends on.
  std::vector<std::vector<float>> numbers() const {
    std::vector<std::vector<float>> all{sgd->values().to_vector<float>()};
    for (const auto& [name, x] : model.named_buffers()) all.push_back(x.to_vector<float>());
    for (const Tensor& x : sgd->state())
      if (x.dtype() == DType::float32)
        all.push_back(x.to_vector<float>());
      else
        all.push_back({static_cast<float>(x.item())});
    return all;
  }

  Dataset data;
  nn::Sequential model;
  std::unique_ptr<Optimizer> sgd;
};

bool finite(const Tensor& x) {
  for (const float v : x.to_vector<float>())
    if (!std::isfinite(v)) return false;
  return true;
}

// The same, looked at from the start after every step.
std::string first_bad_step(Trained& trained, int epochs) {
  for (int step = 1, epoch = 1; epoch <= epochs; ++epoch)
    for (const Batch& batch : trained.batches(epoch)) {
      trained.loss(batch).backward();
      std::string layer;
      for (const auto& [name, x] : trained.model.named_parameters())
        if (!finite(x.grad())) {
          const std::string prefix = name.substr(0, name.find('.'));
          if (layer.substr(0, layer.find('.')) != prefix) layer = name;
        }
      if (!layer.empty())
        return "the first gradient that was not finite was that of " + layer + ", at step " +
               std::to_string(step);
      trained.sgd->step();
      ++step;
    }
  return "";
}

using Case = std::tuple<std::string, std::string, Device>;
class Divergences : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (device() == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
  std::string model() const { return std::get<0>(GetParam()); }
  std::string optimizer_name() const { return std::get<1>(GetParam()); }
  Device device() const { return std::get<2>(GetParam()); }
  // So large that the loss overflows after some epochs.
  double too_large() const { return optimizer_name() == "adam" ? 1e17 : 1; }
};

TEST_P(Divergences, TheReplayEndsWhereTheEpochEnded) {
  Trained trained(model(), optimizer_name(), 1e-3, device());
  TrainingStep step{trained.watched().loss, *trained.sgd};
  step.run(trained.batches(1));
  const Divergence divergence(trained.watched());
  step.run(trained.batches(2));
  const auto numbers = trained.numbers();
  EXPECT_EQ(divergence.trace(2, step.metrics().losses, kSteps),
            "every gradient of the epoch was finite");
  EXPECT_EQ(trained.numbers(), numbers) << "to the last bit";
}

TEST_P(Divergences, NamesTheStepAndTheLayer) {
  constexpr int kEpochs = 100;
  Trained looked_at(model(), optimizer_name(), too_large(), device());
  const std::string expected = first_bad_step(looked_at, kEpochs);
  ASSERT_FALSE(expected.empty()) << "the training does not diverge";

  Trained trained(model(), optimizer_name(), too_large(), device());
  TrainingStep step{trained.watched().loss, *trained.sgd};
  Divergence divergence(trained.watched());
  for (int epoch = 1; epoch <= kEpochs; ++epoch) {
    step.run(trained.batches(epoch));
    const auto losses = step.metrics().losses;
    bool is_finite =
        finite(trained.sgd->values());  // what the test set's loss says of the last step
    for (const float loss : losses) is_finite = is_finite && std::isfinite(loss);
    if (is_finite) {
      divergence.keep();
      continue;
    }
    const std::string found =
        divergence.trace(epoch, losses, static_cast<std::size_t>((epoch - 1) * kSteps));
    EXPECT_EQ(found.rfind(expected, 0), 0u) << found << "\nand not " << expected;
    EXPECT_EQ(divergence.learning_rate(), too_large());
    return;
  }
  FAIL() << "the training does not diverge";
}

INSTANTIATE_TEST_SUITE_P(All, Divergences,
                         ::testing::Combine(::testing::Values("plain", "batch_norm"),
                                            ::testing::Values("sgd", "momentum", "adam"),
                                            ::testing::Values(Device::cpu, Device::gpu)),
                         [](const auto& made) {
                           return std::get<0>(made.param) + "_" + std::get<1>(made.param) + "_" +
                                  name_of(std::get<2>(made.param));
                         });

TEST(Divergence, TakesTheStepsOfSeveralEpochsAgain) {
  constexpr int kEpochs = 3;
  Trained trained("plain", "adam", 1e-3, Device::cpu);
  TrainingStep step{trained.watched().loss, *trained.sgd};
  const Divergence divergence(trained.watched());
  for (int epoch = 1; epoch <= kEpochs; ++epoch)
    for (const Batch& batch : trained.batches(epoch)) step.run(batch);
  const auto numbers = trained.numbers();
  EXPECT_EQ(divergence.trace(kEpochs, step.metrics().losses, 0, kEpochs),
            "every gradient of the epochs was finite");
  EXPECT_EQ(trained.numbers(), numbers) << "to the last bit";
}

TEST(Divergence, SaysWhereDropoutHidesIt) {
  Trained trained("dropout", "sgd", 1, Device::cpu);
  TrainingStep step{trained.watched().loss, *trained.sgd};
  const Divergence divergence(trained.watched());
  step.run(trained.batches(1));
  EXPECT_TRUE(has(divergence.trace(1, step.metrics().losses, 0), "cannot be told"));
}

TEST(Divergence, TellsValuesThatAnUpdateLostFromGradients) {
  Trained alone("plain", "sgd", 1e38, Device::cpu);
  TrainingStep once{alone.watched().loss, *alone.sgd};
  lessons::WatchedTraining whole = alone.watched();
  whole.batches = [&](int) { return alone.data.batches(kSamples); };
  const Divergence watch(whole);
  once.run(whole.batches(1));
  const std::string lost = watch.trace(1, once.metrics().losses, 20);
  EXPECT_EQ(lost.rfind("every gradient of the epoch was finite, but there were values of ", 0), 0u)
      << lost;
  EXPECT_TRUE(has(lost, "that are not finite since the update of step 21")) << lost;
}

void check_stopped_lesson(const std::string& device) {
  const test::TemporaryFolder folder;
  const test::Answer answer =
      test::run(folder.path(), "run 08 --smoke --lr 1e38 --out out --device " + device);
  EXPECT_EQ(answer.status, 1) << answer.text;
  // A mean of numbers near the largest one overflows in float32, so the gpu's loss is lost a step earlier.
  const std::string sentence =
      "stopped in epoch 1: at step " + std::string(device == "cpu" ? "3" : "2") +
      " the loss was no longer a number; the first gradient that was not finite was that of "
      "2.weight, at step 3";
  EXPECT_TRUE(has(answer.text, "The training \"hidden_layer\" " + sentence)) << answer.text;
  EXPECT_TRUE(has(answer.text, "(learning rate 1e+38; a smaller one may help).")) << answer.text;
  EXPECT_TRUE(has(get(folder / "out/report.html"), sentence));
  EXPECT_TRUE(has(get(folder / "out/report.html"), "learning rate 1e+38, batch 200, seed 1"));
  EXPECT_TRUE(has(get(folder / "out/result.json"), "\"status\": 1"));
  const auto rows = test::csv(folder / "out/metrics.csv");
  ASSERT_EQ(rows.size(), 1u + 1 + 30 + 1) << "what was written stays";
  EXPECT_TRUE(std::isfinite(std::stod(rows[2][3])));
  EXPECT_FALSE(std::isfinite(std::stod(rows[4][3])));
  EXPECT_FALSE(has(get(folder / "out/metrics.csv"), "-nan"));
}

TEST(LessonStop, NamesTheLayerOnTheCpu) {
  SKIP_UNLESS_BUILT();
  check_stopped_lesson("cpu");
}

TEST(LessonStop, NamesTheLayerOnTheGpu) {
  SKIP_UNLESS_BUILT();
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  check_stopped_lesson("gpu");
}

// Ten epochs are judged at once; the step and its epoch are named all the same.
TEST(LessonStop, NamesTheLayerWhereSeveralEpochsAreJudgedAtOnce) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder;
  for (const char* lesson : {"13", "14"}) {
    const test::Answer answer = test::run(
        folder.path(), std::string("run ") + lesson + " --smoke --quiet --lr 1e38 --out out");
    EXPECT_EQ(answer.status, 1) << answer.text;
    EXPECT_TRUE(has(answer.text,
                    "stopped in epoch 2: at step 2 the loss was no longer a number; the first "
                    "gradient that was not finite was that of "))
        << answer.text;
  }
}

// All weights are lost by the last update: no step of the epoch has seen it.
TEST(LessonStop, TheLossOfTheTestSetStopsItToo) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder;
  const test::Answer answer =
      test::run(folder.path(), "run 04 --smoke --quiet --batch 6000 --lr 1e38 --out out");
  EXPECT_EQ(answer.status, 1) << answer.text;
  EXPECT_TRUE(
      has(answer.text,
          "stopped in epoch 1: after step 1 the loss was no longer a number; every gradient "
          "of the epoch was finite"))
      << answer.text;
  EXPECT_EQ(test::csv(folder / "out/metrics.csv").size(), 1u + 1 + 1 + 1);
}

}  // namespace
