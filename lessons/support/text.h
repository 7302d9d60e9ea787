#pragma once

// Numbers as people read them. None of these looks at the locale.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lessons {

std::string fixed(double x, int digits);            // 0.2735
std::string percent(double share, int digits = 1);  // 0.915 is "91.5 %"
std::string duration(double seconds);               // "4.2 s", "12 min 30 s"
std::string grouped(std::int64_t x);                // "60,000"
std::string shortest(double x);                     // 0.1 is "0.1"
std::string shortest(float x);
std::string rounded(double x, int digits = 3);  // 0.00385115 is "0.00385"

/// Letters, not bytes, of a text in UTF-8: what it takes on a terminal.
std::size_t width(std::string_view text);

bool is_utf8(std::string_view text);

/// Whether it is a line of text: UTF-8, not empty, without control characters.
bool is_label(std::string_view text);

/// The text with a space for each control character, which could steer a terminal.
std::string on_one_line(std::string text);

/// The text in lines of at most `columns` letters, broken at spaces.
std::vector<std::string> wrapped(std::string_view text, std::size_t columns);

/// The number of letters to insert, remove, replace or swap to make b of a (Damerau 1964, without
/// touching a place twice).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `text`; empty where none is near.
std::string nearest(std::string_view text, const std::vector<std::string>& candidates);

}  // namespace lessons
