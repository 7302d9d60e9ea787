#pragma once

// Comparisons that cannot pass by accident: written as "fail unless <=", so that NaN fails, and an
// expectation that is nearly all zero or NaN is a failure of its own, since it would test nothing.

#include <concepts>
#include <cstddef>
#include <iterator>
#include <ranges>
#include <source_location>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace weft::test {

/// |actual - expected| <= abs + rel * |expected|.
struct Tolerance {
  double abs = 0;
  double rel = 0;
};

/// What an expectation may hold. `any` is for results that are zero or NaN on purpose.
enum class Content { varied, any };

/// Unit roundoff of a type: 2^-24 for float, 2^-53 for double.
template <std::floating_point T>
constexpr double unit_roundoff() {
  return std::is_same_v<T, float> ? 0x1p-24 : 0x1p-53;
}

/// What a comparison found. `message` is empty where all is well; else it has the number of wrong
/// elements, the worst one, and the caller's context (shape and seed).
struct Verdict {
  std::string message;
  double worst = 0;  // largest |a-e| / bound; for sums the largest |a-e| / (u * magnitude)
};

using Values = std::span<const double>;
Verdict compare_close(Values actual, Values expected, Tolerance tolerance, const std::string& what,
                      Content content = Content::varied);
Verdict compare_sums(Values actual, Values expected, Values magnitude, double u, double c,
                     const std::string& what, Content content = Content::varied);
Verdict compare_equal(Values actual, Values expected, const std::string& what,
                      Content content = Content::varied);
double report(const Verdict& verdict, std::source_location at);  // fails the test; returns worst

template <class R>
concept Numbers =
    std::ranges::contiguous_range<R> && std::is_arithmetic_v<std::ranges::range_value_t<R>>;

template <Numbers R>
std::vector<double> as_doubles(const R& values) {
  return {std::ranges::begin(values), std::ranges::end(values)};
}

/// Every element within `tolerance`; any NaN fails.
template <Numbers A, Numbers E>
double expect_close(const A& actual, const E& expected, Tolerance tolerance,
                    const std::string& what = "", Content content = Content::varied,
                    std::source_location at = std::source_location::current()) {
  return report(compare_close(as_doubles(actual), as_doubles(expected), tolerance, what, content),
                at);
}

/// Every element a sum with |a-e| <= c u magnitude, where magnitude is the sum of the terms' absolute
/// values and u the roundoff of the actual type. Returns the largest c that was needed.
template <Numbers A, Numbers E, Numbers M>
double expect_sum_close(const A& actual, const E& expected, const M& magnitude, double c,
                        const std::string& what = "", Content content = Content::varied,
                        std::source_location at = std::source_location::current()) {
  const double u = unit_roundoff<std::ranges::range_value_t<A>>();
  return report(compare_sums(as_doubles(actual), as_doubles(expected), as_doubles(magnitude), u, c,
                             what, content),
                at);
}

/// Every element equal (0 == -0); NaN where NaN is expected and nowhere else.
template <Numbers A, Numbers E>
void expect_equal(const A& actual, const E& expected, const std::string& what = "",
                  Content content = Content::varied,
                  std::source_location at = std::source_location::current()) {
  report(compare_equal(as_doubles(actual), as_doubles(expected), what, content), at);
}

Verdict compare_bits(std::span<const std::byte> actual, std::span<const std::byte> expected,
                     std::size_t element_bytes, const std::string& what);

/// The same bits: what two runs of one kernel must give, whatever the values are.
template <Numbers A>
void expect_same_bits(const A& actual, const A& expected, const std::string& what = "",
                      std::source_location at = std::source_location::current()) {
  using T = std::ranges::range_value_t<A>;
  report(compare_bits(std::as_bytes(std::span<const T>(actual)),
                      std::as_bytes(std::span<const T>(expected)), sizeof(T), what),
         at);
}

}  // namespace weft::test
