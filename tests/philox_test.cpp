#include "weft/philox.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

#include "weft/ops/gather.h"

namespace weft {
namespace {

using Words = std::array<std::uint32_t, 4>;

Words philox(const Words& counter, std::uint32_t key0, std::uint32_t key1) {
  const RandomWords r = philox4x32({{counter[0], counter[1], counter[2], counter[3]}}, key0, key1);
  return {r.word[0], r.word[1], r.word[2], r.word[3]};
}

std::vector<std::uint64_t> shuffled(std::uint64_t n, std::uint64_t seed, std::uint32_t epoch) {
  const Shuffle shuffle(n, Order::shuffled(seed, epoch).key);
  std::vector<std::uint64_t> places(n);
  for (std::uint64_t i = 0; i < n; ++i) places[i] = shuffle(i);
  return places;
}

void expect_permutation(const std::vector<std::uint64_t>& places) {
  std::vector<bool> seen(places.size(), false);
  for (const std::uint64_t place : places) {
    ASSERT_LT(place, places.size());
    ASSERT_FALSE(seen[place]) << place << " twice, n = " << places.size();
    seen[place] = true;
  }
}

/// The known answers that the authors of the paper publish with their implementation, Random123.
TEST(Philox, GivesTheKnownAnswers) {
  EXPECT_EQ(philox({0, 0, 0, 0}, 0, 0), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const std::uint32_t ones = 0xffffffff;
  EXPECT_EQ(philox({ones, ones, ones, ones}, ones, ones),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, CompilesToConstants) {
  static_assert(philox4x32({{0, 0, 0, 0}}, 0, 0).word[0] == 0x6627e8d5);
  static_assert(unit_interval<float>(0xffffffff) == 1 - 0x1p-24f);
  static_assert(Shuffle(3, RandomKey{1})(0) < 3);
}

TEST(Philox, ABlockIsCountedByElementDrawAndStep) {
  const RandomKey key{0x299f31d0a4093822, 0x13198a2e, 0x03707344};  // the third known answer again
  EXPECT_EQ(random_words(key, 0x85a308d3243f6a88).word[0], 0xd16cfe09u);
  const std::uint32_t word = random_words({1, 2, 3}, 4).word[0];
  EXPECT_NE(word, random_words({0, 2, 3}, 4).word[0]);
  EXPECT_NE(word, random_words({1ull + (1ull << 32), 2, 3}, 4).word[0]);
  EXPECT_NE(word, random_words({1, 0, 3}, 4).word[0]);
  EXPECT_NE(word, random_words({1, 2, 0}, 4).word[0]);
  EXPECT_NE(word, random_words({1, 2, 3}, 4ull + (1ull << 32)).word[0]);
}

TEST(Philox, UnitIntervalTakesTheUpper24BitsOfAWord) {
  EXPECT_EQ(unit_interval<float>(0x000000ff), 0.0f);
  EXPECT_EQ(unit_interval<float>(0x00000100), 0x1p-24f);
  EXPECT_EQ(unit_interval<float>(0x80000000), 0.5f);
  for (const std::uint32_t word : {0u, 0x12345678u, 0xffffffffu})
    EXPECT_EQ(static_cast<double>(unit_interval<float>(word)), unit_interval<double>(word));
}

TEST(Shuffle, IsAPermutationOfEverySizeUpTo5000) {
  for (std::uint64_t n = 1; n <= 5000; ++n) {
    expect_permutation(shuffled(n, n, 3));
    if (HasFatalFailure()) return;
  }
}

TEST(Shuffle, IsAPermutationOfLargeSizes) {
  for (const std::uint64_t n : {60000u, 65535u, 65536u, 65537u, 262144u, 1000003u})
    expect_permutation(shuffled(n, 7, 0));
}

TEST(Shuffle, StaysWithinSizesThatNeed64Bits) {
  for (const std::uint64_t n : {(1ull << 32) + 1, (1ull << 40) - 87, ~0ull}) {
    const Shuffle shuffle(n, {1, Shuffle::kDraw, 0});
    std::map<std::uint64_t, std::uint64_t> source;
    for (std::uint64_t i = 0; i < 1000; ++i)
      for (const std::uint64_t index : {i, n - 1 - i}) {
        const std::uint64_t place = shuffle(index);
        EXPECT_LT(place, n);
        EXPECT_TRUE(source.emplace(place, index).second) << "n = " << n << ", " << index;
      }
  }
}

TEST(Shuffle, IsTheIdentityByDefaultAndForOneRow) {
  for (const std::uint64_t i : {0ull, 5ull, 1ull << 40}) EXPECT_EQ(Shuffle()(i), i);
  EXPECT_EQ(Shuffle(1, {1, 2, 3})(0), 0u);
}

/// Two random permutations agree in about one place (Poisson with mean 1): 20 or more has a probability
/// under 1e-18.
TEST(Shuffle, DiffersBetweenEpochsAndSeeds) {
  const auto base = shuffled(60000, 1, 0);
  EXPECT_EQ(base, shuffled(60000, 1, 0));
  int fixed = 0;
  for (std::size_t i = 0; i < base.size(); ++i) fixed += base[i] == i;
  EXPECT_LT(fixed, 20);
  for (const auto& other :
       {shuffled(60000, 1, 1), shuffled(60000, 2, 0), shuffled(60000, 1 + (1ull << 32), 0)}) {
    int equal = 0;
    for (std::size_t i = 0; i < base.size(); ++i) equal += base[i] == other[i];
    EXPECT_LT(equal, 20);
  }
}

double chi_square(const std::vector<double>& counts, double expected) {
  double sum = 0;
  for (const double count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

/// A chi-square value's distance from its mean, in standard deviations.
double deviation(double value, double degrees) {
  return (value - degrees) / std::sqrt(2 * degrees);
}

constexpr double kLargestDeviation = 6;  // normal: 2e-9 by chance, and the seeds are fixed

/// Where each index lands, and how far apart neighbours land, over many epochs. Counts of landings come
/// from permutation matrices: (n-1)/n times their chi-square has (n-1)^2 degrees of freedom.
TEST(Shuffle, LooksUniform) {
  for (const std::size_t size : {16u, 17u, 64u, 100u, 257u}) {
    const double n = static_cast<double>(size), epochs = 50 * n;
    std::vector<double> landings(size * size), distances(size);
    for (std::uint32_t epoch = 0; epoch < static_cast<std::uint32_t>(epochs); ++epoch) {
      const auto places = shuffled(size, 5, epoch);
      for (std::size_t i = 0; i < size; ++i) {
        ++landings[i * size + places[i]];
        if (i > 0) ++distances[(places[i] + size - places[i - 1]) % size];
      }
    }
    EXPECT_EQ(distances[0], 0);
    distances.erase(distances.begin());
    const double landed = chi_square(landings, epochs / n) * (n - 1) / n;
    EXPECT_LT(std::abs(deviation(landed, (n - 1) * (n - 1))), kLargestDeviation) << "n = " << n;
    EXPECT_LT(std::abs(deviation(chi_square(distances, epochs), n - 2)), kLargestDeviation)
        << "n = " << n;
  }
}

/// Every batch of a shuffled epoch draws from the whole set: the places of 600 batches of 100 have the
/// mean (n-1)/2 within 6 standard deviations of a mean of 100 uniform places.
TEST(Shuffle, SpreadsEveryBatchOverTheSet) {
  const double n = 60000;
  const auto places = shuffled(60000, 3, 4);
  for (std::size_t begin = 0; begin < places.size(); begin += 100) {
    double mean = 0;
    for (std::size_t i = 0; i < 100; ++i) mean += static_cast<double>(places[begin + i]) / 100;
    EXPECT_LT(std::abs(mean - (n - 1) / 2), kLargestDeviation * n / std::sqrt(12.0 * 100)) << begin;
  }
}

}  // namespace
}  // namespace weft
