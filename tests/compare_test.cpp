// The tests' own tools: comparisons, guards and counts must fail when they should.

#include "tests/support/compare.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tests/support/guarded.h"
#include "tests/support/shapes.h"

namespace weft::test {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
using Floats = std::vector<float>;
using Doubles = std::vector<double>;

TEST(Compare, CloseAcceptsWhatIsWithinTheTolerance) {
  expect_close(Floats{1.0f, 2.5f, -3.0f, kInfinity}, Doubles{1.0, 2.25, -3.0, kInfinity},
               {.abs = 0.25});
  expect_close(Floats{1.0f, -200.0f}, Doubles{1.0, -202.0}, {.rel = 0.01});
  EXPECT_EQ(expect_close(Floats{3.0f}, Doubles{2.0}, {.abs = 2.0}), 0.5);
}

TEST(Compare, CloseNamesTheWorstElementTheCountAndTheContext) {
  EXPECT_NONFATAL_FAILURE(
      expect_close(Floats{1.0f, 2.0f, 9.0f, 4.5f}, Doubles{1, 2, 3, 4}, {.abs = 0.25},
                   "[2, 2] seed 7"),
      "[2, 2] seed 7: 2 of 4 elements are wrong, worst at 2: got 9, expected 3");
  EXPECT_NONFATAL_FAILURE(expect_close(Floats{1.0f}, Doubles{1 + 1e-6}, {}), "1 of 1");
}

TEST(Compare, NaNFailsWhereverItIs) {
  EXPECT_NONFATAL_FAILURE(expect_close(Floats{kNaN}, Doubles{1}, {.abs = 1e30, .rel = 1}),
                          "1 of 1");
  EXPECT_NONFATAL_FAILURE(expect_close(Floats{1}, Doubles{kNaN}, {.abs = 1e30}), "1 of 1");
  EXPECT_NONFATAL_FAILURE(expect_close(Floats{kNaN}, Doubles{kNaN}, {.abs = 1e30}), "1 of 1");
  EXPECT_NONFATAL_FAILURE(expect_close(Floats{1}, Doubles{1.5}, {.abs = std::nan("")}), "1 of 1");
  EXPECT_NONFATAL_FAILURE(expect_sum_close(Floats{kNaN}, Doubles{1}, Doubles{1e30}, 1e30),
                          "1 of 1");
  EXPECT_NONFATAL_FAILURE(expect_sum_close(Floats{1}, Doubles{2}, Doubles{kNaN}, 1e30), "1 of 1");
  EXPECT_NONFATAL_FAILURE(expect_equal(Floats{kNaN}, Floats{0}), "1 of 1");
  EXPECT_NONFATAL_FAILURE(expect_equal(Floats{0}, Floats{kNaN}), "1 of 1");
}

TEST(Compare, InfinityIsCloseToItselfOnly) {
  EXPECT_NONFATAL_FAILURE(expect_close(Floats{kInfinity}, Doubles{-kInfinity}, {.abs = 1}),
                          "1 of 1");
  EXPECT_NONFATAL_FAILURE(expect_close(Floats{1}, Doubles{kInfinity}, {.abs = 1}), "1 of 1");
  EXPECT_NONFATAL_FAILURE(expect_close(Floats{kInfinity}, Doubles{1e30}, {.abs = 1, .rel = 1}),
                          "1 of 1");
}

TEST(Compare, SumsAreHeldToTheRoundoffOfTheActualType) {
  const double above = 1 + 3 * 0x1p-24;
  EXPECT_EQ(expect_sum_close(Floats{1}, Doubles{above}, Doubles{1}, 3), 3.0);
  EXPECT_NONFATAL_FAILURE(expect_sum_close(Floats{1}, Doubles{above}, Doubles{1}, 2.9), "1 of 1");
  EXPECT_NONFATAL_FAILURE(expect_sum_close(Doubles{1}, Doubles{above}, Doubles{1}, 3), "1 of 1");
  EXPECT_NONFATAL_FAILURE(expect_sum_close(Floats{1}, Doubles{above}, Doubles{0}, 3), "1 of 1");
  expect_sum_close(Floats{1, 5}, Doubles{1, 5}, Doubles{0, 5}, 0);
}

TEST(Compare, EqualMeansEveryElement) {
  expect_equal(std::vector<int>{1, -2, 3}, std::vector<int>{1, -2, 3});
  expect_equal(Floats{0.0f, kNaN, kInfinity}, Floats{-0.0f, kNaN, kInfinity});
  EXPECT_NONFATAL_FAILURE(expect_equal(std::vector<int>{1, 2}, std::vector<int>{1, 3}, "here"),
                          "here: 1 of 2");
  EXPECT_NONFATAL_FAILURE(expect_equal(Floats{1.0f}, Floats{std::nextafter(1.0f, 2.0f)}), "1 of 1");
}

TEST(Compare, SameBitsTellsZerosAndNaNsApart) {
  expect_same_bits(Floats{kNaN, 0.0f}, Floats{kNaN, 0.0f});
  EXPECT_NONFATAL_FAILURE(expect_same_bits(Floats{1, 0.0f}, Floats{1, -0.0f}, "order 3"),
                          "order 3: 1 of 2 elements differ in their bits, the first at 1");
  EXPECT_NONFATAL_FAILURE(expect_same_bits(Floats{kNaN}, Floats{-kNaN}), "1 of 1");
  EXPECT_NONFATAL_FAILURE(expect_same_bits(Floats{1}, Floats{1, 2}), "got 4 bytes, expected 8");
}

TEST(Compare, SizesMustAgree) {
  EXPECT_NONFATAL_FAILURE(expect_close(Floats{1}, Doubles{1, 1}, {.abs = 1}),
                          "got 1 elements, expected 2");
  EXPECT_NONFATAL_FAILURE(expect_equal(Floats{}, Floats{1}), "got 0 elements, expected 1");
  EXPECT_NONFATAL_FAILURE(expect_sum_close(Floats{1, 1}, Doubles{1, 1}, Doubles{1}, 1),
                          "magnitudes");
  expect_equal(Floats{}, Floats{});
}

TEST(Compare, AnExpectationOfZerosOrNaNTestsNothing) {
  Floats mostly_zero(100, 0.0f), nans(100, kNaN);
  for (std::size_t i = 0; i < 9; ++i) mostly_zero[i] = 1.0f;
  EXPECT_NONFATAL_FAILURE(expect_equal(mostly_zero, mostly_zero),
                          "91 zeros and 0 NaN among 100 elements");
  EXPECT_NONFATAL_FAILURE(expect_close(mostly_zero, mostly_zero, {}), "tests nothing");
  EXPECT_NONFATAL_FAILURE(expect_sum_close(mostly_zero, mostly_zero, mostly_zero, 1),
                          "tests nothing");
  EXPECT_NONFATAL_FAILURE(expect_equal(nans, nans), "tests nothing");
  expect_equal(mostly_zero, mostly_zero, "", Content::any);
  mostly_zero[9] = 1.0f;
  expect_equal(mostly_zero, mostly_zero);
}

TEST(Guarded, StartsAsNaNAndKeepsWhatIsUploaded) {
  Guarded<float> memory(5, Device::cpu);
  for (float x : memory.download()) EXPECT_TRUE(std::isnan(x));
  memory.upload(Floats{1, 2, 3, 4, 5});
  expect_equal(memory.download(), Floats{1, 2, 3, 4, 5});
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.data()) % 256, 0u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(Guarded<float>(5, Device::cpu, 3).data()) % 256, 12u);
  EXPECT_EQ(Guarded<float>(0, Device::cpu).size(), 0);
}

// Not under AddressSanitizer, which stops at the write itself: the guards are poisoned there.
#if !defined(__SANITIZE_ADDRESS__)
TEST(Guarded, SeesAWriteOutsideOnEitherSide) {
  for (const std::int64_t misalign : {0, 1}) {
    Guarded<float> memory(7, Device::cpu, misalign);
    float* data = memory.data();
    for (const std::int64_t outside : {-1, 7}) {
      const float kept = data[outside];
      EXPECT_TRUE(std::isnan(kept));
      data[outside] = 0.0f;
      EXPECT_EQ(memory.damaged_guard_bytes(), 4u);
      EXPECT_NONFATAL_FAILURE(memory.check_guards(), "wrote outside its array");
      data[outside] = kNaN;  // another NaN than the guard's
      EXPECT_GT(memory.damaged_guard_bytes(), 0u);
      data[outside] = kept;
      EXPECT_EQ(memory.damaged_guard_bytes(), 0u);
    }
  }
}

/// Overruns that leave a NaN a NaN: arithmetic in place, and a copy of the next word of another buffer.
TEST(Guarded, SeesArithmeticAndCopiesThatPassNaNOn) {
  Guarded<float> source(Floats{1, 2}, Device::cpu), result(2, Device::cpu);
  float* beyond = result.data() + 2;
  const float kept = *beyond;
  *beyond = 2.0f * kept;
  EXPECT_GT(result.damaged_guard_bytes(), 0u);
  *beyond = source.data()[2];
  EXPECT_GT(result.damaged_guard_bytes(), 0u);
  *beyond = kept;
  EXPECT_EQ(result.damaged_guard_bytes(), 0u);
}
#else
TEST(GuardedDeathTest, AddressSanitizerStopsAReadOutside) {
  Guarded<float> memory(7, Device::cpu);
  const volatile float* data = memory.data();
  EXPECT_DEATH(static_cast<void>(data[7]), "use-after-poison");
  EXPECT_DEATH(static_cast<void>(data[-1]), "use-after-poison");
}
#endif

TEST(Guarded, WorksOnTheDevice) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Guarded<std::int32_t> memory(std::vector<std::int32_t>{4, -5, 6}, Device::gpu, 1);
  expect_equal(memory.download(), std::vector<std::int32_t>{4, -5, 6});
  for (float x : Guarded<float>(100).download()) EXPECT_TRUE(std::isnan(x));
}

TEST(Shapes, ASeedGivesTheSameCase) {
  Rng a(3), b(3), c(4);
  EXPECT_EQ(a.normal(8), b.normal(8));
  EXPECT_EQ(a.size(1000), b.size(1000));
  EXPECT_NE(a.normal(8), c.normal(8));
  for (int i = 0; i < 1000; ++i) {
    const std::int64_t n = a.size(70, 1);
    EXPECT_TRUE(n >= 1 && n <= 70) << n;
  }
  for (int x : a.small_integers<int>(100)) EXPECT_TRUE(x >= -3 && x <= 3) << x;
}

TEST(Shapes, EdgeSizesHoldTheBlockAndItsNeighbours) {
  EXPECT_EQ(edge_sizes(128),
            (std::vector<std::int64_t>{0, 1, 31, 32, 33, 97, 127, 128, 129, 251, 389}));
  EXPECT_EQ(edge_sizes(32), (std::vector<std::int64_t>{0, 1, 31, 32, 33, 97, 101, 251}));
}

TEST(Shapes, AFailureNamesItsSeed) {
  EXPECT_NONFATAL_FAILURE(for_each_seed(
                              "self_test", [](Rng& rng) { EXPECT_EQ(rng.seed(), 0u); }, 1),
                          "self_test, seed 1");
}

TEST(Shapes, AtLeastTwoHundredSeeds) {
  int runs = 0;
  for_each_seed("self_test", [&](Rng&) { ++runs; });
  EXPECT_GE(runs, 200);
}

}  // namespace
}  // namespace weft::test
