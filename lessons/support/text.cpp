#include "support/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace lessons {

namespace {

template <class... Arguments>
std::string converted(Arguments... arguments) {
  char buffer[400];  // the longest double in fixed notation has 309 digits before the point
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, arguments...);
  return {buffer, result.ptr};
}

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }

}  // namespace

std::string fixed(double x, int digits) { return converted(x, std::chars_format::fixed, digits); }

std::string percent(double share, int digits) { return fixed(100 * share, digits) + " %"; }

std::string duration(double seconds) {
  if (seconds < 59.95) return fixed(seconds, 1) + " s";
  const auto whole = std::llround(seconds);
  return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
}

std::string grouped(std::int64_t x) {
  std::string digits = std::to_string(x);
  const std::size_t first = x < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

// A NaN has no sign that means anything.
std::string shortest(double x) { return std::isnan(x) ? "nan" : converted(x); }
std::string shortest(float x) { return std::isnan(x) ? "nan" : converted(x); }
std::string rounded(double x, int digits) {
  return converted(x, std::chars_format::general, digits);
}

std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

bool is_utf8(std::string_view text) {
  constexpr std::uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};  // shorter forms are not allowed
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i++]);
    const std::size_t more = first < 0x80       ? 0
                             : first >> 5 == 6  ? 1
                             : first >> 4 == 14 ? 2
                             : first >> 3 == 30 ? 3
                                                : 4;
    if (more == 4 || more > text.size() - i) return false;
    std::uint32_t letter = more == 0 ? first : first & (0x3fu >> more);
    for (std::size_t k = 0; k < more; ++k) {
      const auto next = static_cast<unsigned char>(text[i++]);
      if (next >> 6 != 2) return false;
      letter = letter << 6 | (next & 0x3fu);
    }
    if (letter < kLeast[more] || letter > 0x10ffff || letter >> 11 == 27) return false;
  }
  return true;
}

bool is_label(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), is_control) && is_utf8(text);
}

std::string on_one_line(std::string text) {
  std::replace_if(text.begin(), text.end(), is_control, ' ');
  return text;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines(1);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    if (!lines.back().empty() && width(lines.back()) + 1 + width(word) > columns)
      lines.emplace_back();
    if (!lines.back().empty()) lines.back() += ' ';
    lines.back() += word;
    begin = end + 1;
  }
  return lines;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      const std::size_t replace = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

std::string nearest(std::string_view text, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = text.size() / 3 + 2;  // farther away it is another word
  if (text.size() > 100) return best;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(text, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace lessons
