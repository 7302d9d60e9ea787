#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/dropout/dropout.h"
#include "src/cpu/dropout.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/autograd.h"
#include "weft/error.h"
#include "weft/ops/dropout.h"

namespace weft {
namespace {

using test::Guarded;
using Floats = std::vector<float>;

constexpr std::int64_t kBlock = 1024;  // floats of a thread block

struct Case {
  std::uint32_t dropped;  // of 2^24
  float scale;
  RandomKey key;
};

Floats run(Device device, const Case& c, const Floats& x, const Floats* start,
           std::int64_t misalign = 0) {
  const Guarded<float> from(x, device, misalign);
  Guarded<float> to(from.size(), device, misalign / 2);
  const bool add = start != nullptr;
  if (add) to.upload(*start);
  if (device == Device::gpu)
    kernels::dropout(from.data(), to.data(), add, to.size(), c.dropped, c.scale, c.key,
                     current_stream());
  else
    cpu::dropout(from.data(), to.data(), add, to.size(), c.dropped, c.scale, c.key);
  return to.download();
}

/// The definition, element by element: the upper 24 bits of word i % 4 of block i / 4.
bool stays(const Case& c, std::size_t i) {
  return random_words(c.key, i / 4).word[i % 4] / 256 >= c.dropped;
}

// Nothing is rounded but the product and the sum; in float64 they are exact, so that one rounding of each
// remains, of numbers up to the magnitude, or one of both where they are fused.
void check(Device device, test::Rng& rng, std::int64_t size, std::int64_t misalign) {
  const auto word = [&] { return static_cast<std::uint32_t>(rng.integer(0, 0xFFFFFFFF)); };
  const Case c{static_cast<std::uint32_t>(rng.integer(0, 1 << 24)), rng.chance(0.5) ? 4.0f : 1.3f,
               RandomKey{std::uint64_t{word()} << 32 | word(), word(), word()}};
  const Floats x = rng.normal(size), start = rng.normal(size);
  Floats expected, sum;
  std::vector<double> exact, magnitude;
  for (std::size_t i = 0; i < x.size(); ++i) {
    expected.push_back(stays(c, i) ? x[i] * c.scale : 0);
    const double product = stays(c, i) ? double{x[i]} * double{c.scale} : 0;
    exact.push_back(product + double{start[i]});
    magnitude.push_back(std::abs(product) + std::abs(double{start[i]}));
  }
  const std::string what = "dropout [" + std::to_string(size) + "]";
  test::expect_equal(run(device, c, x, nullptr, misalign), expected, what, test::Content::any);
  test::note_worst(device == Device::gpu ? "dropout_philox_kernel" : "cpu dropout",
                   test::expect_sum_close(run(device, c, x, &start, misalign), exact, magnitude, 2,
                                          what + ", added", test::Content::any));
}

TEST(Dropout, TwinFollowsTheDefinition) {
  test::for_each_seed("cpu dropout",
                      [](test::Rng& rng) { check(Device::cpu, rng, rng.size(500), 0); });
}

TEST(Dropout, KernelFollowsTheDefinition) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng edges(1);
  for (const std::int64_t size : test::edge_sizes(kBlock))
    for (const std::int64_t misalign : {0, 1, 2}) check(Device::gpu, edges, size, misalign);
  test::for_each_seed("dropout_philox_kernel", [](test::Rng& rng) {
    check(Device::gpu, rng, rng.size(3000), rng.integer(0, 4));
  });
}

TEST(Dropout, SameBitsUnderEverySchedule) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng rng(2);
  const Floats x = rng.normal(3 * kBlock + 5), start = rng.normal(3 * kBlock + 5);
  const Case c{1 << 23, 2, {1, 2, 3}};
  test::expect_same_bits(
      20, [&] { return run(Device::gpu, c, x, &start); }, "dropout");
}

class DropoutOp : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam() == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
  /// What becomes of n ones.
  static Floats of_ones(std::int64_t n, double p, RandomKey key) {
    return dropout(full({n}, 1, DType::float32, GetParam()), p, key).to_vector<float>();
  }
};

/// The number of zeros is binomial: within 6 standard deviations of n p for each of these seeds.
TEST_P(DropoutOp, DropsTheShareItIsAskedFor) {
  const std::int64_t n = 20000;
  for (const double p : {0.01, 0.1, 0.25, 0.5, 0.9, 0.999}) {
    const Floats y = of_ones(n, p, {7, 1, 0});
    const auto zeros = static_cast<double>(std::ranges::count(y, 0.0f));
    const double expected = static_cast<double>(n) * p;
    EXPECT_LE(std::abs(zeros - expected), 6 * std::sqrt(expected * (1 - p))) << p;
    const auto others = static_cast<double>(std::ranges::count(y, static_cast<float>(1 / (1 - p))));
    EXPECT_EQ(others + zeros, static_cast<double>(n)) << p;
  }
}

/// Two masks of probability 1/2 agree in half of their elements, again within 6 standard deviations.
TEST_P(DropoutOp, NeighbouringKeysGiveIndependentMasks) {
  const std::int64_t n = 8000;
  const RandomKey key{11, 4, 9};
  const Floats y = of_ones(n, 0.5, key);
  EXPECT_EQ(of_ones(n, 0.5, key), y);
  for (const RandomKey other : {RandomKey{12, 4, 9}, RandomKey{11, 5, 9}, RandomKey{11, 4, 10}}) {
    const Floats z = of_ones(n, 0.5, other);
    double equal = 0;
    for (std::size_t i = 0; i < y.size(); ++i) equal += y[i] == z[i] ? 1 : 0;
    EXPECT_LE(std::abs(equal - static_cast<double>(n) / 2), 6 * std::sqrt(n / 4.0));
  }
}

/// p between two of the 24-bit numbers, on one of them, and next to one in float64 but not in float32.
TEST_P(DropoutOp, DecidesByTheNumbersOfUnitInterval) {
  const std::int64_t n = 999;
  const RandomKey key{3, 1, 4};
  const auto number = [&](std::int64_t i) {
    return unit_interval<double>(
        random_words(key, static_cast<std::uint64_t>(i) / 4).word[static_cast<std::size_t>(i % 4)]);
  };
  for (const double p : {number(17), std::nextafter(number(17), 0), std::nextafter(number(17), 1),
                         number(17) + 0x1p-25, 0x1p-30, 1 - 0x1p-30}) {
    Floats expected;
    for (std::int64_t i = 0; i < n; ++i)
      expected.push_back(number(i) >= p ? static_cast<float>(1 / (1 - p)) : 0.0f);
    test::expect_equal(of_ones(n, p, key), expected, std::to_string(p), test::Content::any);
  }
}

TEST_P(DropoutOp, BackwardDropsTheSameElements) {
  test::Rng rng(5);
  const Tensor x = from_values(rng.normal(7 * 333), {7, 333}).to(GetParam()).set_requires_grad();
  const RandomKey key{8, 6, 2};
  const Tensor y = dropout(x, 0.3, key);
  const Floats dy = rng.normal(7 * 333);
  const Tensor weights = from_values(dy, {7, 333}).to(GetParam());
  const Tensor expected = dropout(weights, 0.3, key);  // it is linear, and its own transpose
  record("dot", full({}, 0, DType::float32, GetParam()), {y},
         [weights](const Tensor&, Gradients& gradients) { gradients.give(0, weights.clone()); })
      .backward();
  test::expect_same_bits(x.grad().to_vector<float>(), expected.to_vector<float>());
  const Floats values = y.to_vector<float>(), gradient = x.grad().to_vector<float>();
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(values[i] == 0, gradient[i] == 0);
}

TEST_P(DropoutOp, KnowsItsEnds) {
  const float nan = std::nanf(""), infinity = std::numeric_limits<float>::infinity();
  const Tensor x = from_values(Floats{1, nan, infinity, -2, 0}, {5, 1}).to(GetParam());
  EXPECT_TRUE(same_tensor(dropout(x, 0, {1, 0, 0}), x));
  EXPECT_EQ(dropout(x, 1, {1, 0, 0}).to_vector<float>(), Floats(5, 0.0f));
  EXPECT_EQ(dropout(x, 0.5, {}).shape(), x.shape());
  EXPECT_EQ(dropout(x, 0.5, {}).device(), GetParam());
  EXPECT_EQ(dropout(empty({0, 3}, DType::float32, GetParam()), 0.5, {}).shape(), (Shape{0, 3}));
  const Tensor nans = full({400}, std::nan(""), DType::float32, GetParam());
  const Floats y = dropout(nans, 0.5, {2, 0, 0}).to_vector<float>();
  const auto gone = std::ranges::count(y, 0.0f);
  EXPECT_EQ(gone + std::ranges::count_if(y, [](float value) { return std::isnan(value); }), 400);
  EXPECT_GT(gone, 100);
  EXPECT_LT(gone, 300);
}

INSTANTIATE_TEST_SUITE_P(Devices, DropoutOp, ::testing::Values(Device::cpu, Device::gpu),
                         [](const auto& device) { return std::string(name_of(device.param)); });

TEST(Dropout, IsTheSameOnEveryDeviceAndInEveryType) {
  test::Rng rng(9);
  const Floats values = rng.small_integers(1003, 1, 9);  // times 4/3: one rounding in either type
  const Tensor x = from_values(values, {17, 59});
  const Tensor wide = from_values(std::vector<double>(values.begin(), values.end()), {17, 59});
  const Floats y = dropout(x, 0.25, {1, 2, 3}).to_vector<float>();
  test::expect_close(y, dropout(wide, 0.25, {1, 2, 3}).to_vector<double>(), {.rel = 2 * 0x1p-24});
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::expect_same_bits(dropout(x.to(Device::gpu), 0.25, {1, 2, 3}).to_vector<float>(), y);
}

TEST(Dropout, HasTheGradientsOfFiniteDifferences) {
  test::Rng rng(10);
  for (const double p : {0.0, 0.4, 1.0})
    EXPECT_EQ(gradient_check(
                  [p](const std::vector<Tensor>& x) {
                    return dropout(x[0], p, {1, 2, 3});
                  },
                  {from_values(rng.normal<double>(21), {7, 3})}),
              "");
}

TEST(Dropout, RefusesWhatItCannotTake) {
  using test::error_of;
  EXPECT_EQ(error_of<ShapeError>([] { dropout(zeros({2}), 1.5, {}); }),
            "dropout: expected a probability p of 0 to 1, got 1.500000");
  EXPECT_THROW(dropout(zeros({2}), -0.1, {}), ShapeError);
  EXPECT_THROW(dropout(zeros({2}), std::nan(""), {}), ShapeError);
  EXPECT_EQ(error_of<ShapeError>([] { dropout(zeros({2}, DType::int32), 0.5, {}); }),
            "dropout: expected x of float32 (float64 on the cpu), got int32 on the cpu");
}

}  // namespace
}  // namespace weft
