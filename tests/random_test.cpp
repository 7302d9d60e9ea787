#include "weft/ops/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/random/uniform.h"
#include "src/cpu/random.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/error.h"

namespace weft {
namespace {

using test::Guarded;

constexpr std::int64_t kBlock = 1024;  // numbers of a thread block

std::vector<float> kernel_numbers(float low, float high, RandomKey key, std::int64_t size,
                                  std::int64_t misalign = 0) {
  Guarded<float> x(size, Device::gpu, misalign);
  kernels::uniform(low, high, key, x.data(), size, current_stream());
  return x.download();
}

template <class T>
std::vector<T> twin_numbers(T low, T high, RandomKey key, std::int64_t size) {
  Guarded<T> x(size, Device::cpu);
  cpu::uniform(low, high, key, x.data(), size);
  return x.download();
}

/// The definition, number by number: word i % 4 of the block i / 4, its upper 24 bits.
double defined_number(RandomKey key, std::int64_t i) {
  const std::uint32_t word =
      random_words(key, static_cast<std::uint64_t>(i) / 4).word[static_cast<std::size_t>(i) % 4];
  return std::floor(static_cast<double>(word) / 256) / 16777216;
}

TEST(Uniform, TwinFollowsTheDefinition) {
  test::for_each_seed("cpu uniform", [](test::Rng& rng) {
    const std::int64_t size = rng.size(5000, 1);
    const RandomKey key{rng.seed() * 0x9E3779B97F4A7C15,
                        static_cast<std::uint32_t>(rng.integer(0, 9)), 1};
    const double low = rng.normal<double>(1)[0], high = low + 2;
    std::vector<double> expected(static_cast<std::size_t>(size));
    for (std::int64_t i = 0; i < size; ++i)
      expected[static_cast<std::size_t>(i)] = low + defined_number(key, i) * (high - low);
    const std::string what = "[" + std::to_string(size) + "]";
    // One rounding each for high - low and for the fused multiply-add, of numbers up to |low| + 2; in
    // float also those of low and high themselves.
    const double u = 0x1p-24 * (std::abs(low) + 2);
    test::expect_close(twin_numbers(low, high, key, size), expected,
                       {.abs = 2 * 0x1p-53 * (std::abs(low) + 2)}, what);
    test::expect_close(twin_numbers(static_cast<float>(low), static_cast<float>(high), key, size),
                       expected, {.abs = 4 * u}, what);
  });
}

TEST(Uniform, KernelGivesTheTwinsBits) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  for (const std::int64_t size : test::edge_sizes(kBlock))
    for (const std::int64_t misalign : {0, 1, 2}) {
      const RandomKey key{static_cast<std::uint64_t>(size), 3, 9};
      test::expect_same_bits(kernel_numbers(-0.3f, 0.7f, key, size, misalign),
                             twin_numbers(-0.3f, 0.7f, key, size), std::to_string(size));
    }
  test::for_each_seed("uniform_philox_kernel", [](test::Rng& rng) {
    const std::int64_t size = rng.size(6000);
    const RandomKey key{rng.seed() << 20, static_cast<std::uint32_t>(rng.integer(0, 1 << 30)),
                        static_cast<std::uint32_t>(rng.integer(0, 1 << 30))};
    const float low = rng.normal(1)[0], high = low + std::abs(rng.normal(1)[0]);
    test::expect_same_bits(kernel_numbers(low, high, key, size, rng.integer(0, 3)),
                           twin_numbers(low, high, key, size), "[" + std::to_string(size) + "]");
  });
}

TEST(Uniform, SameBitsUnderEverySchedule) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::expect_same_bits(
      20,
      [] {
        return kernel_numbers(-1, 1, {5, 6, 7}, 3 * kBlock + 5);
      },
      "uniform");
}

/// Between 1024 and 1025 floats are 2^-13 apart: every u above 1 - 2^-14 would be rounded up to `high`,
/// which the half-open interval does not hold. Of 10^6 numbers some 60 are.
TEST(Uniform, NeverReachesHigh) {
  const float low = 1024, high = 1025;
  const auto x = twin_numbers(low, high, {1, 0, 0}, 1000000);
  EXPECT_EQ(std::ranges::count(x, high), 0);
  EXPECT_GT(std::ranges::count(x, std::nextafter(high, low)), 100);
}

/// 100,000 numbers: mean 1/2 and variance 1/12 within 6 standard errors.
TEST(Uniform, HasTheMomentsOfItsDistribution) {
  const double n = 100000;
  double mean = 0, variance = 0;
  const auto x = twin_numbers(0.0, 1.0, {11, 0, 0}, 100000);
  for (const double value : x) mean += value / n;
  for (const double value : x) variance += (value - mean) * (value - mean) / n;
  EXPECT_LT(std::abs(mean - 0.5), 6 * std::sqrt(1 / 12.0 / n));
  EXPECT_LT(std::abs(variance - 1 / 12.0), 6 * std::sqrt(1 / 180.0 / n));
}

TEST(Uniform, IsTheSameOnEveryDeviceAndInEveryType) {
  Tensor x = empty({33, 7}), wide = empty({33, 7}, DType::float64);
  uniform_(x, 0, 1, {1, 2, 3});
  uniform_(wide, 0, 1, {1, 2, 3});
  test::expect_equal(x.to_vector<float>(), wide.to_vector<double>());
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Tensor y = empty({33, 7}, DType::float32, Device::gpu);
  uniform_(y, 0, 1, {1, 2, 3});
  EXPECT_EQ(y.device(), Device::gpu);
  test::expect_same_bits(y.to_vector<float>(), x.to_vector<float>());
}

TEST(Uniform, AGeneratorsDrawsDiffer) {
  Generator generator(7);
  Tensor x = empty({100}), y = empty({100}), again = empty({100});
  uniform_(x, 0, 1, generator.next());
  uniform_(y, 0, 1, generator.next());
  Generator same(7);
  uniform_(again, 0, 1, same.next());
  EXPECT_EQ(x.to_vector<float>(), again.to_vector<float>());
  EXPECT_NE(x.to_vector<float>(), y.to_vector<float>());
}

TEST(Uniform, AnEmptyIntervalGivesItsOnlyEnd) {
  Tensor x = empty({40});
  uniform_(x, 2.5, 2.5, {});
  test::expect_equal(x.to_vector<float>(), std::vector<float>(40, 2.5f));
  Tensor none = empty({0, 3});
  uniform_(none, 0, 1, {});
}

TEST(Uniform, RefusesWhatItCannotFill) {
  using test::error_of;
  Tensor x = empty({4}), integers = empty({4}, DType::int32);
  EXPECT_EQ(error_of<ShapeError>([&] { uniform_(integers, 0, 1, {}); }),
            "uniform_: expected x of float32 (float64 on the cpu), got int32 on the cpu");
  EXPECT_EQ(
      error_of<ShapeError>([&] { uniform_(x, 1, 0, {}); }),
      "uniform_: expected low <= high with a difference that float32 can hold, got 1.000000 and "
      "0.000000");
  EXPECT_THROW(uniform_(x, std::nan(""), 1, {}), ShapeError);
  EXPECT_THROW(uniform_(x, 0, std::numeric_limits<double>::infinity(), {}), ShapeError);
  EXPECT_THROW(uniform_(x, -3e38, 3e38, {}), ShapeError) << "whose difference is infinite";
  EXPECT_THROW(uniform_(x, 1e300, 2e300, {}), ShapeError) << "which float32 cannot hold";
  Tensor wide = empty({4}, DType::float64);
  uniform_(wide, -3e38, 3e38, {});
  EXPECT_THROW(uniform_(wide, -1.5e308, 1.5e308, {}), ShapeError);
}

}  // namespace
}  // namespace weft
