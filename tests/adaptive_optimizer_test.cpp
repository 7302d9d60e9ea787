// Momentum, Nesterov and Adam: kernels and twins against float64 over several updates.

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "kernels/optimizer/adam.h"
#include "kernels/optimizer/momentum.h"
#include "src/cpu/optimizer.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/error.h"
#include "weft/ops/elementwise.h"
#include "weft/optim.h"

namespace weft {
namespace {

using test::Guarded;
using Doubles = std::vector<double>;

constexpr std::int64_t kBlock = 1024;  // elements of a thread block
constexpr float kLr = 0.125f, kMomentum = 0.75f, kEpsilon = 1e-8f;
constexpr double kBeta1 = 0.9, kBeta2 = 0.999;

// An update is at most 8 roundings of numbers of about its own size (lr is small), each 2^-24 relative,
// and updates add up. Adam divides by a root: where gradients nearly vanish its relative error stays.
constexpr double kRoundings = 10 * 0x1p-24;

enum class Rule { momentum, nesterov, adam };

/// Values after `updates` with the gradients that `gradient_of` gives for each update.
template <class GradientOf>
std::vector<float> train(Rule rule, Device device, const std::vector<float>& start, int updates,
                         GradientOf gradient_of, std::int64_t misalign = 0) {
  const auto size = static_cast<std::int64_t>(start.size());
  const std::vector<float> zero(start.size(), 0.0f);
  Guarded<float> values(start, device, misalign), gradients(zero, device), first(zero, device),
      second(zero, device), corrections(2, device);
  Guarded<std::int32_t> step(std::vector<std::int32_t>{0}, device);
  for (int u = 0; u < updates; ++u) {
    gradients.upload(gradient_of(u));
    const bool nesterov = rule == Rule::nesterov;
    if (rule == Rule::adam && device == Device::gpu)
      kernels::adam(kLr, kBeta1, kBeta2, kEpsilon, values.data(), gradients.data(), first.data(),
                    second.data(), step.data(), corrections.data(), size, current_stream());
    else if (rule == Rule::adam)
      cpu::adam(kLr, kBeta1, kBeta2, kEpsilon, values.data(), gradients.data(), first.data(),
                second.data(), step.data(), size);
    else if (device == Device::gpu)
      kernels::sgd_momentum(kLr, kMomentum, nesterov, values.data(), gradients.data(), first.data(),
                            size, current_stream());
    else
      cpu::sgd_momentum(kLr, kMomentum, nesterov, values.data(), gradients.data(), first.data(),
                        size);
    test::expect_equal(gradients.download(), zero, "gradients", test::Content::any);
  }
  return values.download();
}

template <class GradientOf>
Doubles exact(Rule rule, const std::vector<float>& start, int updates, GradientOf gradient_of) {
  Doubles values(start.begin(), start.end()), first(start.size()), second(start.size());
  for (int u = 0; u < updates; ++u) {
    const std::vector<float> gradients = gradient_of(u);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double g = gradients[i];
      if (rule == Rule::adam) {
        first[i] = kBeta1 * first[i] + (1 - kBeta1) * g;
        second[i] = kBeta2 * second[i] + (1 - kBeta2) * g * g;
        const double m = first[i] / (1 - std::pow(kBeta1, u + 1));
        const double v = second[i] / (1 - std::pow(kBeta2, u + 1));
        values[i] -= kLr * m / (std::sqrt(v) + static_cast<double>(kEpsilon));
      } else {
        first[i] = kMomentum * first[i] + g;
        values[i] -= kLr * (rule == Rule::nesterov ? g + kMomentum * first[i] : first[i]);
      }
    }
  }
  return values;
}

void check(Device device, test::Rng& rng, std::int64_t size, std::int64_t misalign, int updates) {
  const auto start = rng.normal(size);
  std::vector<std::vector<float>> gradients;
  for (int u = 0; u < updates; ++u) gradients.push_back(rng.normal(size));
  const auto gradient_of = [&](int u) { return gradients[static_cast<std::size_t>(u)]; };
  for (const Rule rule : {Rule::momentum, Rule::nesterov, Rule::adam})
    test::expect_close(train(rule, device, start, updates, gradient_of, misalign),
                       exact(rule, start, updates, gradient_of),
                       {.abs = updates * kRoundings, .rel = kRoundings},
                       "rule " + std::to_string(static_cast<int>(rule)), test::Content::any);
}

TEST(AdaptiveOptimizers, TwinsFollowTheDefinitions) {
  test::for_each_seed("cpu sgd_momentum, adam",
                      [](test::Rng& rng) { check(Device::cpu, rng, rng.size(300), 0, 4); });
}

TEST(AdaptiveOptimizers, KernelsFollowTheDefinitions) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng edges(1);
  for (const std::int64_t size : test::edge_sizes(kBlock)) check(Device::gpu, edges, size, 1, 2);
  test::for_each_seed("adam_flat_kernel", [](test::Rng& rng) {
    check(Device::gpu, rng, rng.size(3000), rng.integer(0, 4), 3);
  });
  for (const char* kernel : {"adam_count_kernel", "sgd_momentum_flat_kernel"})
    test::count_shapes(kernel, test::kSeededShapes);  // in the same loop
}

TEST(AdaptiveOptimizers, StayRightOverAThousandUpdates) {
  const std::vector<float> start{1.0f, -2.0f, 0.5f};
  const auto gradient_of = [](int u) {
    const auto x = static_cast<float>(u);
    return std::vector<float>{std::sin(x), 1e-3f * std::cos(x), 1e3f * std::sin(2 * x)};
  };
  for (const Device device : {Device::cpu, Device::gpu}) {
    if (device == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
    const auto values = train(Rule::adam, device, start, 1000, gradient_of);
    const Doubles expected = exact(Rule::adam, start, 1000, gradient_of);
    for (std::size_t i = 0; i < values.size(); ++i) EXPECT_NEAR(values[i], expected[i], 1e-3) << i;
  }
}

TEST(AdaptiveOptimizers, SameBitsUnderEverySchedule) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng rng(4);
  const auto start = rng.normal(3 * kBlock + 5), gradient = rng.normal(3 * kBlock + 5);
  for (const Rule rule : {Rule::momentum, Rule::adam})
    test::expect_same_bits(
        20, [&] { return train(rule, Device::gpu, start, 2, [&](int) { return gradient; }); },
        "optimizer");
}

class Optimizers : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam() == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
  static Tensor parameter(Device device) {
    Tensor w = from_values(std::vector<float>{1, 2}, {2}).to(device);
    w.set_requires_grad();
    return w;
  }
  static void give(Tensor& w) {
    w.set_grad(from_values(std::vector<float>{4, -8}, {2}).to(w.device()));
  }
};

TEST_P(Optimizers, MomentumGathersSpeed) {
  Tensor w = parameter(GetParam());
  Sgd sgd({w}, {.lr = 0.5, .momentum = 0.5});
  give(w);
  sgd.step();
  test::expect_equal(w.to_vector<float>(), std::vector<float>{-1, 6});  // v = g
  give(w);
  sgd.step();
  test::expect_equal(w.to_vector<float>(), std::vector<float>{-4, 12});  // v = 0.5 g + g
}

TEST_P(Optimizers, NesterovLooksAhead) {
  Tensor w = parameter(GetParam());
  Sgd sgd({w}, {.lr = 0.5, .momentum = 0.5, .nesterov = true});
  give(w);
  sgd.step();
  test::expect_equal(w.to_vector<float>(), std::vector<float>{-2, 8});  // g + 0.5 v
}

TEST_P(Optimizers, AdamsFirstStepIsTheLearningRate) {
  Tensor w = parameter(GetParam());
  Adam adam({w}, {.lr = 0.25});
  give(w);
  adam.step();
  test::expect_close(w.to_vector<float>(), std::vector<float>{0.75f, 2.25f}, {.rel = 1e-6});
  test::expect_equal(w.grad().to_vector<float>(), std::vector<float>{0, 0}, "", test::Content::any);
}

INSTANTIATE_TEST_SUITE_P(Devices, Optimizers, ::testing::Values(Device::cpu, Device::gpu),
                         [](const auto& device) { return std::string(name_of(device.param)); });

TEST(AdaptiveOptimizers, RefuseSettingsThatMakeNoSense) {
  using test::error_of;
  Tensor w = zeros({2});
  w.set_requires_grad();
  EXPECT_EQ(error_of<ShapeError>([&] { Sgd({w}, {.momentum = 1}); }),
            "Sgd: expected a momentum of 0 to below 1, got 1.000000");
  EXPECT_EQ(error_of<ShapeError>([&] { Sgd({w}, {.nesterov = true}); }),
            "Sgd: expected a momentum above 0 with nesterov, got 0");
  EXPECT_EQ(error_of<ShapeError>([&] { Adam({w}, {.beta2 = 1}); }),
            "Adam: expected betas of 0 to below 1, got 1.000000");
  EXPECT_EQ(error_of<ShapeError>([&] { Adam({w}, {.lr = 0}); }),
            "Adam: expected a learning rate above 0, got 0.000000");
  Tensor x = zeros({3}), y = zeros({2}), step = zeros({}, DType::int32);
  EXPECT_EQ(error_of<ShapeError>([&] { adam_(x, x, y, x, step, {}); }),
            "adam_: expected first_moments [3], got [2]");
  EXPECT_EQ(error_of<ShapeError>([&] { sgd_momentum_(x, x, y, 1, 0.5, false); }),
            "sgd_momentum_: expected velocities [3], got [2]");
}

}  // namespace
}  // namespace weft
