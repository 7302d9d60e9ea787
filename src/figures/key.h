#pragma once

// The key of a chart: what its curves' colours and lines mean. It is drawn here and not by gnuplot, so
// that the layout can keep it off the data.

#include <optional>
#include <string>
#include <vector>

#include "src/figures/axis.h"
#include "src/figures/script.h"

namespace weft::figures {

struct KeyEntry {
  enum class Sample { line, dashed, line_and_points, points, area };
  std::string name, colour;
  Sample sample = Sample::line;
  bool operator==(const KeyEntry&) const = default;
};

constexpr double kKeyLine = 30;  // the height of a line of a key
constexpr double kKeyTop = 88;   // of a key that stands above everything else

/// Those of the curves that have a name.
std::vector<KeyEntry> key_entries(const Chart& chart);

/// How many lines the entries take where they stand in lines of this width.
int key_lines(const std::vector<KeyEntry>& entries, double width);
/// Draws them so, the first line about y = top + kKeyLine / 2.
void draw_key_lines(Script& script, const std::vector<KeyEntry>& entries, double left, double top,
                    double width);
/// What the entries take in a single line.
double key_width(const std::vector<KeyEntry>& entries);

/// A box with this corner for the entries, one below the other.
Box key_box_at(const std::vector<KeyEntry>& entries, double left, double top);
/// A box for the entries, in a corner of the plot where no curve runs; the corner
/// that the chart asks for first. None where every corner is taken.
std::optional<Box> free_corner(const Chart& chart, const std::vector<KeyEntry>& entries,
                               const Box& plot, const Axis& x, const Axis& y);
void draw_key_box(Script& script, const std::vector<KeyEntry>& entries, const Box& box);

}  // namespace weft::figures
