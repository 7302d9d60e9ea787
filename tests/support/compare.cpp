#include "tests/support/compare.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <sstream>

namespace weft::test {
namespace {

constexpr double kLargestEmptyShare = 0.9;   // of zeros, or of NaN, in an expectation
constexpr std::size_t kSmallestJudged = 20;  // fewer elements may be zero by chance

std::string in_context(const std::string& message, const std::string& what) {
  return what.empty() ? message : what + ": " + message;
}

std::string tests_nothing(Values expected, Content content) {
  if (content == Content::any || expected.size() < kSmallestJudged) return "";
  const auto zeros = std::ranges::count(expected, 0.0);
  const auto nans = std::ranges::count_if(expected, [](double e) { return std::isnan(e); });
  const double most = static_cast<double>(std::max(zeros, nans));
  if (most <= kLargestEmptyShare * static_cast<double>(expected.size())) return "";
  std::ostringstream text;
  text << "the expectation tests nothing: " << zeros << " zeros and " << nans << " NaN among "
       << expected.size() << " elements";
  return text.str();
}

/// `error` gives an element's error in units of what is allowed; the element is wrong unless <= limit.
template <class Error>
Verdict compare(Values actual, Values expected, double limit, const std::string& what,
                Content content, Error error) {
  Verdict verdict;
  if (actual.size() != expected.size()) {
    verdict.message = in_context("got " + std::to_string(actual.size()) + " elements, expected " +
                                     std::to_string(expected.size()),
                                 what);
    verdict.worst = std::numeric_limits<double>::infinity();
    return verdict;
  }
  std::size_t wrong = 0, worst_index = 0;
  for (std::size_t i = 0; i < actual.size(); ++i) {
    double e = error(i);
    if (std::isnan(e)) e = std::numeric_limits<double>::infinity();
    if (!(e <= limit)) ++wrong;
    if (e > verdict.worst) {
      verdict.worst = e;
      worst_index = i;
    }
  }
  if (wrong > 0) {
    std::ostringstream text;
    text.precision(9);
    text << wrong << " of " << actual.size() << " elements are wrong, worst at " << worst_index
         << ": got " << actual[worst_index] << ", expected " << expected[worst_index] << " ("
         << verdict.worst << " where " << limit << " is allowed)";
    verdict.message = in_context(text.str(), what);
  } else if (const std::string nothing = tests_nothing(expected, content); !nothing.empty()) {
    verdict.message = in_context(nothing, what);
  }
  return verdict;
}

double in_units_of(double difference, double allowed) {  // 0/0 is no error, x/0 is an infinite one
  return difference == 0 ? 0 : difference / allowed;
}

}  // namespace

Verdict compare_close(Values actual, Values expected, Tolerance tolerance, const std::string& what,
                      Content content) {
  return compare(actual, expected, 1, what, content, [&](std::size_t i) {
    if (actual[i] == expected[i]) return 0.0;  // infinities too
    return in_units_of(std::abs(actual[i] - expected[i]),
                       tolerance.abs + tolerance.rel * std::abs(expected[i]));
  });
}

Verdict compare_sums(Values actual, Values expected, Values magnitude, double u, double c,
                     const std::string& what, Content content) {
  if (magnitude.size() != expected.size())
    return {in_context("as many magnitudes as expectations are needed", what),
            std::numeric_limits<double>::infinity()};
  return compare(actual, expected, c, what, content, [&](std::size_t i) {
    if (actual[i] == expected[i]) return 0.0;
    return in_units_of(std::abs(actual[i] - expected[i]), u * magnitude[i]);
  });
}

Verdict compare_equal(Values actual, Values expected, const std::string& what, Content content) {
  return compare(actual, expected, 0, what, content, [&](std::size_t i) {
    if (actual[i] == expected[i] || (std::isnan(actual[i]) && std::isnan(expected[i]))) return 0.0;
    return std::abs(actual[i] - expected[i]);
  });
}

Verdict compare_bits(std::span<const std::byte> actual, std::span<const std::byte> expected,
                     std::size_t element_bytes, const std::string& what) {
  Verdict verdict;
  std::size_t wrong = 0, first = 0;
  if (actual.size() == expected.size()) {
    for (std::size_t i = 0; i < actual.size(); i += element_bytes)
      if (std::memcmp(&actual[i], &expected[i], element_bytes) != 0 && wrong++ == 0)
        first = i / element_bytes;
    if (wrong == 0) return verdict;
    verdict.message = std::to_string(wrong) + " of " +
                      std::to_string(actual.size() / element_bytes) +
                      " elements differ in their bits, the first at " + std::to_string(first);
  } else {
    verdict.message = "got " + std::to_string(actual.size()) + " bytes, expected " +
                      std::to_string(expected.size());
  }
  verdict.message = in_context(verdict.message, what);
  verdict.worst = std::numeric_limits<double>::infinity();
  return verdict;
}

double report(const Verdict& verdict, std::source_location at) {
  if (!verdict.message.empty())
    ADD_FAILURE_AT(at.file_name(), static_cast<int>(at.line())) << verdict.message;
  return verdict.worst;
}

}  // namespace weft::test
