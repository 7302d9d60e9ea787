#include "weft/half.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace weft {
namespace {

template <class T>
T from_bits(unsigned bits) {
  T value;
  const auto low = static_cast<std::uint16_t>(bits);
  std::memcpy(&value, &low, sizeof value);
  return value;
}
template <class T>
unsigned bits_of(T value) {
  std::uint16_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

// The formats' definition, by ldexp.
template <int MantissaBits>
double defined(unsigned bits) {
  constexpr int kExponentBits = 15 - MantissaBits, kBias = (1 << (kExponentBits - 1)) - 1;
  const int exponent = static_cast<int>(bits >> MantissaBits) & ((1 << kExponentBits) - 1);
  const int mantissa = static_cast<int>(bits) & ((1 << MantissaBits) - 1);
  const double sign = (bits & 0x8000u) != 0 ? -1 : 1;
  if (exponent == (1 << kExponentBits) - 1)
    return mantissa == 0 ? sign * std::numeric_limits<double>::infinity() : std::nan("");
  if (exponent == 0) return sign * std::ldexp(mantissa, 1 - kBias - MantissaBits);
  return sign * std::ldexp(mantissa + (1 << MantissaBits), exponent - kBias - MantissaBits);
}

template <class T, int MantissaBits>
void check_every_value() {
  for (unsigned bits = 0; bits < 65536; ++bits) {
    const float value = static_cast<float>(from_bits<T>(bits));
    const double expected = defined<MantissaBits>(bits);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(value)) << bits;
      ASSERT_TRUE(std::isnan(static_cast<float>(T(value)))) << bits;
      continue;
    }
    ASSERT_EQ(static_cast<double>(value), expected) << bits;
    ASSERT_EQ(std::signbit(value), bits >= 0x8000u) << bits;
    ASSERT_EQ(bits_of(T(value)), bits);
  }
}

// Between each value and the next one: below the middle, the middle itself, above it. Past the largest
// value the next one is infinity, whose middle is where a wider exponent would have it.
template <class T, int MantissaBits>
void check_every_tie() {
  constexpr unsigned kInfinity = 0x7FFFu >> MantissaBits << MantissaBits;
  for (unsigned bits = 0; bits < kInfinity; ++bits) {
    const double low = defined<MantissaBits>(bits);
    const double high = bits + 1 < kInfinity ? defined<MantissaBits>(bits + 1)
                                             : low + (low - defined<MantissaBits>(bits - 1));
    const auto middle = static_cast<float>((low + high) / 2);
    ASSERT_EQ(middle, (low + high) / 2) << "a float holds the middle";
    const float below = std::nextafter(middle, 0.0f), above = std::nextafter(middle, INFINITY);
    const unsigned even = bits + (bits & 1);
    for (unsigned sign : {0u, 0x8000u}) {
      const float s = sign == 0 ? 1.0f : -1.0f;
      ASSERT_EQ(bits_of(T(s * middle)), sign | even) << bits;
      ASSERT_EQ(bits_of(T(s * below)), sign | bits) << bits;
      ASSERT_EQ(bits_of(T(s * above)), sign | (bits + 1)) << bits;
    }
  }
}

TEST(Half, EveryBfloat16IsItsDefinitionAndComesBack) { check_every_value<bfloat16, 7>(); }
TEST(Half, EveryFloat16IsItsDefinitionAndComesBack) { check_every_value<float16, 10>(); }
TEST(Half, Bfloat16RoundsToNearestEvenBetweenAllNeighbours) { check_every_tie<bfloat16, 7>(); }
TEST(Half, Float16RoundsToNearestEvenBetweenAllNeighbours) { check_every_tie<float16, 10>(); }

TEST(Half, WhatIsTooLargeOrNotANumberStaysSo) {
  const float largest = std::numeric_limits<float>::max();
  EXPECT_EQ(static_cast<float>(bfloat16(largest)), INFINITY);
  EXPECT_EQ(static_cast<float>(float16(largest)), INFINITY);
  EXPECT_EQ(static_cast<float>(float16(-largest)), -INFINITY);
  for (unsigned bits : {0x7F800001u, 0x7FC00000u, 0x7FFFFFFFu, 0xFF800001u, 0xFFFFFFFFu}) {
    EXPECT_TRUE(std::isnan(static_cast<float>(bfloat16(std::bit_cast<float>(bits))))) << bits;
    EXPECT_TRUE(std::isnan(static_cast<float>(float16(std::bit_cast<float>(bits))))) << bits;
  }
}

}  // namespace
}  // namespace weft
