#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "kernels/random/normal.h"
#include "src/cpu/random.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/error.h"
#include "weft/nn.h"
#include "weft/ops/random.h"

namespace weft {
namespace {

using test::Guarded;

constexpr std::int64_t kBlock = 1024;  // numbers of a thread block
constexpr float kMean = 0.5f, kDeviation = 2;

std::vector<float> numbers(Device device, RandomKey key, std::int64_t size,
                           std::int64_t misalign = 0) {
  Guarded<float> x(size, device, misalign);
  if (device == Device::gpu)
    kernels::normal(kMean, kDeviation, key, x.data(), size, current_stream());
  else
    cpu::normal(kMean, kDeviation, key, x.data(), size);
  return x.download();
}

/// The definition in double, from the words themselves.
std::vector<double> defined(RandomKey key, std::int64_t size) {
  std::vector<double> result;
  for (std::int64_t i = 0; i < size; ++i) {
    const RandomWords words = random_words(key, static_cast<std::uint64_t>(i) / 4);
    const std::size_t pair = static_cast<std::size_t>(i) % 4 / 2 * 2;
    const double u = std::floor(words.word[pair] / 256.0) / 16777216;
    const double v = std::floor(words.word[pair + 1] / 256.0) / 16777216;
    const double radius = std::sqrt(-2 * std::log(1 - u)), angle = 2 * std::acos(-1.0) * v;
    result.push_back(kMean +
                     kDeviation * radius * (i % 2 == 0 ? std::cos(angle) : std::sin(angle)));
  }
  return result;
}

// The radius, up to 5.8, has some 4 roundings; the angle in float, up to 2 pi, is off by 2^-22, and 1 - u
// near 1 is exact. All of it times the deviation.
constexpr double kError = 2 * 5.8 * (4 * 0x1p-24 + 2 * 0x1p-22);

void check(Device device, test::Rng& rng, std::int64_t size, std::int64_t misalign) {
  const RandomKey key{rng.seed() << 20, static_cast<std::uint32_t>(rng.integer(0, 1 << 30)), 7};
  test::expect_close(numbers(device, key, size, misalign), defined(key, size),
                     {.abs = kError, .rel = 0x1p-23}, std::to_string(size), test::Content::any);
}

TEST(Normal, TwinFollowsTheDefinition) {
  test::for_each_seed("cpu normal",
                      [](test::Rng& rng) { check(Device::cpu, rng, rng.size(500), 0); });
}

TEST(Normal, KernelFollowsTheDefinition) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng edges(1);
  for (const std::int64_t size : test::edge_sizes(kBlock))
    for (const std::int64_t misalign : {0, 1}) check(Device::gpu, edges, size, misalign);
  test::for_each_seed("normal_philox_kernel", [](test::Rng& rng) {
    check(Device::gpu, rng, rng.size(3000), rng.integer(0, 4));
  });
}

TEST(Normal, SameBitsUnderEverySchedule) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::expect_same_bits(
      20,
      [] {
        return numbers(Device::gpu, {3, 1, 1}, 3 * kBlock + 5);
      },
      "normal");
}

// Kolmogorov's test: the largest distance between the shares below x and the normal distribution stays
// under 1.95 / sqrt(n) in 999 of 1,000 draws; the seed is fixed.
TEST(Normal, HasTheNormalDistribution) {
  constexpr std::int64_t kCount = 100000;
  auto x = numbers(Device::cpu, {11, 2, 3}, kCount);
  double sum = 0, squares = 0, neighbours = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double z = (x[i] - kMean) / kDeviation;
    sum += z, squares += z * z;
    if (i % 2 == 1) neighbours += z * (x[i - 1] - kMean) / kDeviation;
  }
  const double n = kCount;
  EXPECT_NEAR(sum / n, 0, 4 / std::sqrt(n));
  EXPECT_NEAR(squares / n, 1, 4 * std::sqrt(2 / n));
  EXPECT_NEAR(neighbours / (n / 2), 0, 4 / std::sqrt(n / 2));
  std::sort(x.begin(), x.end());
  double distance = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double below = 0.5 * std::erfc(-(x[i] - kMean) / (kDeviation * std::sqrt(2.0)));
    distance = std::max(distance, std::abs(below - (static_cast<double>(i) + 0.5) / n));
  }
  EXPECT_LT(distance, 1.95 / std::sqrt(n));
}

double deviation_of(const Tensor& x) {
  double squares = 0;
  for (const float value : x.to_vector<float>()) squares += static_cast<double>(value) * value;
  return std::sqrt(squares / static_cast<double>(x.size()));
}

TEST(Normal, InitialisersHaveTheDeviationsOfTheirPapers) {
  Generator generator(1);
  Tensor weight = empty({100, 300});
  nn::init::xavier_normal_(weight, generator);
  EXPECT_NEAR(deviation_of(weight), std::sqrt(2.0 / 400), 0.02 * std::sqrt(2.0 / 400));
  nn::init::kaiming_normal_(weight, generator);
  EXPECT_NEAR(deviation_of(weight), std::sqrt(2.0 / 300), 0.02 * std::sqrt(2.0 / 300));
  nn::init::normal_(weight, 0, 3, generator);
  EXPECT_NEAR(deviation_of(weight), 3, 0.06);
}

TEST(Normal, RefusesWhatItCannotFill) {
  using test::error_of;
  Tensor x = zeros({2}), integers = zeros({2}, DType::int32);
  EXPECT_EQ(error_of<ShapeError>([&] { normal_(x, 0, -1, {}); }),
            "normal_: expected a mean and a deviation of 0 or more, got 0.000000 and -1.000000");
  EXPECT_THROW(normal_(integers, 0, 1, {}), ShapeError);
  normal_(x, 2, 0, {});
  test::expect_equal(x.to_vector<float>(), std::vector<float>{2, 2});
}

}  // namespace
}  // namespace weft
