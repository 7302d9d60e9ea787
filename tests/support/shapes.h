#pragma once

// Sizes and values for tests: the edge sizes, seeded random shapes (counted for each kernel, so that
// the runner can show how many it has seen), and random values.

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace weft::test {

/// Random sizes and values of one test case; the same seed gives the same case.
class Rng {
 public:
  explicit Rng(std::uint64_t seed) : seed_(seed), engine_(seed) {}
  std::uint64_t seed() const { return seed_; }

  std::int64_t integer(std::int64_t low, std::int64_t high) {  // both inclusive
    return std::uniform_int_distribution<std::int64_t>(low, high)(engine_);
  }
  bool chance(double p) { return std::bernoulli_distribution(p)(engine_); }

  /// A size in 0..largest: small ones, multiples of 32 and their neighbours more often than by chance.
  std::int64_t size(std::int64_t largest, std::int64_t smallest = 0);

  template <class T = float>
  std::vector<T> normal(std::int64_t count, double mean = 0, double deviation = 1) {
    std::normal_distribution<double> draw(mean, deviation);
    return values<T>(count, [&] { return draw(engine_); });
  }
  template <class T = float>
  std::vector<T> small_integers(std::int64_t count, std::int64_t low = -3, std::int64_t high = 3) {
    std::uniform_int_distribution<std::int64_t> draw(low, high);
    return values<T>(count, [&] { return draw(engine_); });
  }

 private:
  template <class T, class Draw>
  static std::vector<T> values(std::int64_t count, Draw draw) {
    std::vector<T> result(static_cast<std::size_t>(count));
    for (T& x : result) x = static_cast<T>(draw());
    return result;
  }

  std::uint64_t seed_;
  std::mt19937_64 engine_;
};

/// 0, 1, 31, 32, 33, two primes, block-1, block, block+1 and 3 block + 5, ascending, each once.
std::vector<std::int64_t> edge_sizes(std::int64_t block);

/// Adds to what the test program prints at its end: "shapes: <kernel> <count>", with the largest error
/// constant noted, if any: "shapes: gemm 240 worst_c 1.7".
void count_shapes(const std::string& kernel, std::int64_t count = 1);
void note_worst(const std::string& kernel, double c);

constexpr int kSeededShapes = 200;  // the least number of random shapes a kernel is tested on

bool single_seed(std::uint64_t& seed);  // whether WEFT_TEST_SEED names one

/// Calls body(rng) for `count` seeds and counts them as shapes of `kernel`. A failure names its seed,
/// and the first one ends the loop. WEFT_TEST_SEED=<n> in the environment runs that seed alone.
template <class Body>
void for_each_seed(const std::string& kernel, Body body, int count = kSeededShapes) {
  std::uint64_t only = 0;
  const bool single = single_seed(only);
  for (int i = 0; i < (single ? 1 : count); ++i) {
    Rng rng(single ? only : static_cast<std::uint64_t>(i) + 1);
    SCOPED_TRACE(kernel + ", seed " + std::to_string(rng.seed()));
    body(rng);
    count_shapes(kernel);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace weft::test
