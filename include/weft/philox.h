#pragma once

// Random numbers without state. Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As
// Easy as 1, 2, 3; SC 2011) maps a counter and a key to four random words, so element i of a draw is a
// function of i: any thread computes it, on any device, in any order, and nothing is kept or saved.
//   key = the 64-bit seed; counter words 0-1 = element / 4, word 2 = draw, word 3 = step.
// All functions run on the host and, being constexpr, in kernels (nvcc --expt-relaxed-constexpr).

#include <cstdint>

namespace weft {
/// @addtogroup random
/// @{

/// Names one draw of random numbers. The same key gives the same numbers on every device.
struct RandomKey {
  std::uint64_t seed = 0;  ///< of the program
  std::uint32_t draw = 0;  ///< which draw of a program: a weight matrix, a dropout layer
  std::uint32_t step = 0;  ///< the training step or epoch, for draws made anew in each
};

/// A counter, or the random words it maps to.
struct RandomWords {
  std::uint32_t word[4];  ///< lowest first
};

/// Ten rounds of Philox4x32: `counter` in, four random words out.
constexpr RandomWords philox4x32(RandomWords counter, std::uint32_t key0, std::uint32_t key1) {
  constexpr std::uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr std::uint32_t kWeyl0 = 0x9E3779B9;  // golden ratio
  constexpr std::uint32_t kWeyl1 = 0xBB67AE85;  // sqrt(3) - 1
  constexpr int kRounds = 10;
  std::uint32_t c0 = counter.word[0], c1 = counter.word[1], c2 = counter.word[2],
                c3 = counter.word[3];
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t product0 = static_cast<std::uint64_t>(kMultiplier0) * c0;
    const std::uint64_t product1 = static_cast<std::uint64_t>(kMultiplier1) * c2;
    c0 = static_cast<std::uint32_t>(product1 >> 32) ^ c1 ^ key0;
    c2 = static_cast<std::uint32_t>(product0 >> 32) ^ c3 ^ key1;
    c1 = static_cast<std::uint32_t>(product1);
    c3 = static_cast<std::uint32_t>(product0);
    key0 += kWeyl0;
    key1 += kWeyl1;
  }
  return {{c0, c1, c2, c3}};
}

/// The words of elements 4 block .. 4 block + 3 of a draw.
constexpr RandomWords random_words(RandomKey key, std::uint64_t block) {
  return philox4x32({{static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
                      key.draw, key.step}},
                    static_cast<std::uint32_t>(key.seed),
                    static_cast<std::uint32_t>(key.seed >> 32));
}

/// The upper 24 bits of a word as a number in [0, 1): exact in float, so every type gets the same one.
template <class T>
constexpr T unit_interval(std::uint32_t word) {
  return static_cast<T>(word >> 8) * static_cast<T>(0x1p-24);
}

/// A bijection of 0..n-1, computed index by index: a shuffle without an array or a sort. Feistel rounds
/// over the smallest even number of bits that holds n - 1 (Luby, Rackoff 1988); an index that lands
/// beyond n - 1 goes through again until it does not (cycle walking; Black, Rogaway 2002), under four
/// times on average. The round keys are Philox words. The default is the identity.
class Shuffle {
 public:
  /// The draw number that shuffles take, so that they share no words with other draws of a seed.
  static constexpr std::uint32_t kDraw = 0xFFFFFFFF;

  constexpr Shuffle() = default;
  /// The bijection of 0..n-1 that the key names.
  constexpr Shuffle(std::uint64_t n, RandomKey key) : n_(n) {
    if (n < 2) return;
    half_bits_ = 1;
    while (half_bits_ < 32 && ((n - 1) >> (2 * half_bits_)) != 0) ++half_bits_;
    for (std::uint32_t block = 0; block < kKeys / 4; ++block) {
      const RandomWords words = random_words(key, block);
      for (std::uint32_t i = 0; i < 4; ++i) keys_[4 * block + i] = words.word[i];
    }
  }

  /// Where `index` goes; index < n.
  constexpr std::uint64_t operator()(std::uint64_t index) const {
    if (half_bits_ == 0) return index;
    do index = pass(index);
    while (index >= n_);
    return index;
  }

 private:
  static constexpr int kRounds = 8;
  static constexpr int kKeys = 2 * kRounds;

  constexpr std::uint64_t pass(std::uint64_t index) const {
    const std::uint32_t mask = static_cast<std::uint32_t>((std::uint64_t{1} << half_bits_) - 1);
    std::uint32_t left = static_cast<std::uint32_t>(index >> half_bits_);
    std::uint32_t right = static_cast<std::uint32_t>(index) & mask;
    for (int round = 0; round < kRounds; ++round) {
      const std::uint32_t mixed = left ^ mix(right, keys_[2 * round], keys_[2 * round + 1]);
      left = right;
      right = mixed;
    }
    return static_cast<std::uint64_t>(left) << half_bits_ | right;
  }

  /// `half_bits_` bits that depend on every bit of x and of both keys: the upper bits of a product are
  /// those that all lower ones reach.
  constexpr std::uint32_t mix(std::uint32_t x, std::uint32_t key0, std::uint32_t key1) const {
    constexpr std::uint32_t kOddMultiplier = 0xD2511F53;
    x = (x + key0) * kOddMultiplier;
    x = (x ^ x >> 16) * (key1 | 1);
    return x >> (32 - half_bits_);
  }

  std::uint64_t n_ = 0;
  int half_bits_ = 0;  // 0: the identity
  std::uint32_t keys_[kKeys] = {};
};

/// @}
}  // namespace weft
