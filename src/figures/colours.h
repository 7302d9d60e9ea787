#pragma once

// The figures' colours, and what is computed with them. A colour is text such as "#2563eb".

#include <string>
#include <vector>

namespace weft::figures {

/// The curves' and classes' colours, in their order. Every pair stays apart for all eyes: seen normally
/// or without red, green or blue cones (Machado, Oliveira and Fernandes 2009, severity 1), no two are
/// nearer than 36, 22, 23 and 19 in CIE Lab, and all stand out from white.
constexpr const char* kColours[] = {"#2563eb", "#c2410c", "#059669", "#e8a412",
                                    "#6b2172", "#38bdf8", "#dc6bae", "#44362a"};
constexpr const char* kText = "#2b2f36";
constexpr const char* kMuted = "#6b7280";
constexpr const char* kGrid = "#e5e7eb";
constexpr const char* kWhite = "#ffffff";

/// The colour itself, or the one that belongs to place `index` where it is empty. Throws ShapeError for
/// what is no "#rrggbb".
std::string colour_or(const std::string& colour, std::size_t index);

/// A channel in 0..1, to which what lies outside is clamped, in 0..255.
int byte_of(double channel);
/// The colour of red, green and blue in 0..1.
std::string colour_of(double red, double green, double blue);

/// A colour on the way from one to the other: the first for share 0, the second for 1.
std::string between(const std::string& from, const std::string& to, double share);

/// Whether white text reads better on it than black text.
bool is_dark(const std::string& colour);

/// Colours along a range of numbers: the first and last stop are its ends.
struct Stop {
  double at;
  std::string colour;
};
using Gradient = std::vector<Stop>;

std::string palette_command(const Gradient& gradient);
std::string colour_at(const Gradient& gradient, double value);

}  // namespace weft::figures
