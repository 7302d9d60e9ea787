#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "kernels/loss/pointwise.h"
#include "src/cpu/pointwise_loss.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/autograd.h"
#include "weft/error.h"
#include "weft/ops/loss.h"

namespace weft {
namespace {

using test::Guarded;

constexpr std::int64_t kStretch = 4096;  // elements of a thread block

enum class Kind { mse, bce, bce_with_logits };
constexpr Kind kAll[] = {Kind::mse, Kind::bce, Kind::bce_with_logits};

struct Result {
  std::vector<float> loss, gradient;
};

template <class Loss>
Result run_with(Loss loss, Device device, const std::vector<float>& x, const std::vector<float>& t,
                std::int64_t misalign) {
  Guarded<float> from(x, device, misalign), targets(t, device), mean(1, device),
      gradient(from.size(), device, misalign);
  loss(from.data(), targets.data(), mean.data(), gradient.data(), from.size());
  return {mean.download(), gradient.download()};
}

Result run(Kind kind, Device device, const std::vector<float>& x, const std::vector<float>& t,
           std::int64_t misalign = 0) {
  if (device == Device::cpu) {
    const auto twin = kind == Kind::mse   ? cpu::mse_loss<float>
                      : kind == Kind::bce ? cpu::binary_cross_entropy<float>
                                          : cpu::binary_cross_entropy_with_logits<float>;
    return run_with(twin, device, x, t, misalign);
  }
  const auto kernel = kind == Kind::mse   ? kernels::mse_loss
                      : kind == Kind::bce ? kernels::binary_cross_entropy
                                          : kernels::binary_cross_entropy_with_logits;
  Guarded<float> workspace(kernels::pointwise_loss_blocks(static_cast<std::int64_t>(x.size())),
                           device);
  return run_with(
      [&](const float* from, const float* targets, float* mean, float* dx, std::int64_t size) {
        kernel(from, targets, workspace.data(), mean, dx, size, current_stream());
      },
      device, x, t, misalign);
}

double exact_loss(Kind kind, double x, double t) {
  if (kind == Kind::mse) return (x - t) * (x - t);
  if (kind == Kind::bce)
    return -(t * std::max(std::log(x), -100.0) + (1 - t) * std::max(std::log(1 - x), -100.0));
  return std::max(x, 0.0) - x * t + std::log1p(std::exp(-std::abs(x)));
}

double exact_gradient(Kind kind, double x, double t) {
  if (kind == Kind::mse) return 2 * (x - t);
  if (kind == Kind::bce) return (x - t) / std::max(x * (1 - x), 1e-12);
  return 1 / (1 + std::exp(-x)) - t;
}

void check(Device device, test::Rng& rng, std::int64_t size, std::int64_t misalign) {
  for (const Kind kind : kAll) {
    auto x = rng.normal(size, 0, 3);
    std::vector<float> t;
    for (std::int64_t i = 0; i < size; ++i) t.push_back(rng.chance(0.5) ? 1.0f : 0.0f);
    if (kind == Kind::bce)
      for (float& p : x) p = 0.01f + 0.98f / (1 + std::exp(-p));
    double sum = 0, magnitude = 0;
    std::vector<double> gradient;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double loss = exact_loss(kind, x[i], t[i]);
      sum += loss;
      magnitude += std::abs(loss) + std::abs(static_cast<double>(x[i]) * t[i]);
      gradient.push_back(exact_gradient(kind, x[i], t[i]) / static_cast<double>(size));
    }
    const auto n = static_cast<double>(size);
    const std::string what =
        "loss " + std::to_string(static_cast<int>(kind)) + " [" + std::to_string(size) + "]";
    const Result result = run(kind, device, x, t, misalign);
    // A term has 6 roundings (log and exp 2 each); the tree adds one for each of its levels and of a
    // thread's 16 elements.
    test::expect_sum_close(result.loss, std::vector<double>{sum / n},
                           std::vector<double>{magnitude / n}, 40, what, test::Content::any);
    // p - t and sigmoid - t are exact to a rounding of 1, everything behind them to a few relative ones.
    test::expect_close(result.gradient, gradient, {.abs = 4 * 0x1p-24 / n, .rel = 10 * 0x1p-24},
                       what, test::Content::any);
  }
}

TEST(PointwiseLoss, TwinsFollowTheDefinitions) {
  test::for_each_seed("cpu pointwise_loss",
                      [](test::Rng& rng) { check(Device::cpu, rng, rng.size(500, 1), 0); });
}

TEST(PointwiseLoss, KernelsFollowTheDefinitions) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng edges(1);
  for (const std::int64_t size : test::edge_sizes(kStretch))
    if (size > 0) check(Device::gpu, edges, size, size % 2);
  test::for_each_seed("pointwise_loss_stretch_kernel", [](test::Rng& rng) {
    check(Device::gpu, rng, rng.size(6000, 1), rng.integer(0, 3));
  });
}

TEST(PointwiseLoss, SumsOfManyBlocksAreRight) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::for_each_seed("pointwise_loss_mean_kernel", [](test::Rng& rng) {
    const auto x = rng.small_integers(kStretch + rng.size(20000, 1));
    const std::vector<float> t(x.size(), 1.0f);
    double sum = 0;  // of small integers: exact in any order
    for (const float value : x) sum += (static_cast<double>(value) - 1) * (value - 1);
    test::expect_close(run(Kind::mse, Device::gpu, x, t).loss,
                       std::vector<double>{sum / static_cast<double>(x.size())},
                       {.rel = 2 * 0x1p-24});
  });
}

TEST(PointwiseLoss, SameBitsUnderEverySchedule) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng rng(2);
  const auto x = rng.normal(3 * kStretch + 5), t = rng.normal(3 * kStretch + 5);
  test::expect_same_bits(
      20, [&] { return run(Kind::mse, Device::gpu, x, t).loss; }, "mse_loss");
}

class PointwiseLosses : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam() == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
  static Tensor values(const std::vector<float>& x) {
    return from_values(x, {static_cast<std::int64_t>(x.size())}).to(GetParam());
  }
};

TEST_P(PointwiseLosses, GiveHandComputedResults) {
  EXPECT_EQ(mse_loss(values({1, 2, 3, 0}), values({1, 0, 6, 0})).item(), 3.25);
  const double log2 = std::log(2.0);
  EXPECT_NEAR(binary_cross_entropy(values({0.5f, 0.5f}), values({1, 0})).item(), log2, 1e-6);
  EXPECT_NEAR(binary_cross_entropy_with_logits(values({0, 0}), values({1, 0})).item(), log2, 1e-6);
  EXPECT_EQ(binary_cross_entropy_with_logits(values({-200, 200}), values({1, 0})).item(), 200);
  EXPECT_EQ(mse_loss(values({1}), values({1})).device(), GetParam());
}

TEST_P(PointwiseLosses, CertaintyThatIsWrongCostsAHundred) {
  Tensor p = values({0, 1, 1, 0});
  p.set_requires_grad();
  const Tensor loss = binary_cross_entropy(p, values({1, 0, 1, 0}));
  EXPECT_EQ(loss.item(), 50);
  loss.backward();
  for (const float gradient : p.grad().to_vector<float>()) EXPECT_TRUE(std::isfinite(gradient));
}

TEST_P(PointwiseLosses, NanAndProbabilitiesOutsideTheRangeGiveNan) {
  const float nan = std::nanf("");
  EXPECT_TRUE(std::isnan(mse_loss(values({nan}), values({1})).item()));
  EXPECT_TRUE(std::isnan(binary_cross_entropy_with_logits(values({nan}), values({0})).item()));
  for (const float p : {nan, -0.5f, 1.5f})
    EXPECT_TRUE(std::isnan(binary_cross_entropy(values({p}), values({1})).item())) << p;
}

TEST_P(PointwiseLosses, LeaveTheirOperandsAlone) {
  Tensor x = values({1, 2});
  x.set_requires_grad();
  const Tensor t = values({0, 0});
  mse_loss(x, t).backward();
  test::expect_equal(x.grad().to_vector<float>(), std::vector<float>{1, 2});
  test::expect_equal(x.to_vector<float>(), std::vector<float>{1, 2});
}

INSTANTIATE_TEST_SUITE_P(Devices, PointwiseLosses, ::testing::Values(Device::cpu, Device::gpu),
                         [](const auto& device) { return std::string(name_of(device.param)); });

TEST(PointwiseLoss, HasTheGradientsOfFiniteDifferences) {
  test::Rng rng(6);
  const Tensor t = from_values(std::vector<double>{1, 0, 1, 0.25}, {4});
  const Tensor x = from_values(rng.normal<double>(4), {4});
  const Tensor p = from_values(std::vector<double>{0.2, 0.7, 0.9, 0.5}, {4});
  using Inputs = std::vector<Tensor>;
  EXPECT_EQ(gradient_check([&](const Inputs& in) { return mse_loss(in[0], t); }, {x}), "");
  EXPECT_EQ(gradient_check([&](const Inputs& in) { return binary_cross_entropy(in[0], t); }, {p}),
            "");
  EXPECT_EQ(gradient_check(
                [&](const Inputs& in) { return binary_cross_entropy_with_logits(in[0], t); }, {x}),
            "");
}

TEST(PointwiseLoss, RefusesWhatDoesNotFit) {
  using test::error_of;
  EXPECT_EQ(error_of<ShapeError>([] {
              mse_loss(zeros({2, 1}), zeros({2}));
            }),
            "mse_loss: expected targets [2, 1], got [2]");
  EXPECT_EQ(error_of<ShapeError>([] { mse_loss(zeros({0}), zeros({0})); }),
            "mse_loss: expected at least one element, got [0]");
  EXPECT_EQ(
      error_of<ShapeError>([] { binary_cross_entropy(zeros({2}), zeros({2}, DType::int32)); }),
      "binary_cross_entropy: expected equal dtypes, got float32 and int32");
}

}  // namespace
}  // namespace weft
