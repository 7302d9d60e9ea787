#pragma once

// The range of an axis and its ticks. They are chosen here and not by gnuplot, so that the layout knows
// where every point lies and how wide the labels are.

#include <string>
#include <vector>

namespace weft::figures {

struct Tick {
  double at;
  std::string label;  // enhanced text for gnuplot; empty: a small tick
};

struct Axis {
  double low = 0, high = 1;
  bool log = false;
  std::vector<Tick> ticks = {};

  /// Where a value lies, from 0 at the low end to 1; NaN for what a logarithmic axis cannot show.
  double share_of(double value) const;
  /// Of the labels, in pixels.
  double label_width(double points) const;
};

struct AxisWish {
  double low = 0, high = 0;  // equal: the range follows from the values
  bool log = false, percent = false;
  bool to_ticks = false;  // the range ends at ticks
  bool room = false;      // and stays clear of the values, for marks
  int most_ticks = 6;
};

/// The axis for these values; those that are not finite, or not above 0 on a logarithmic one, are
/// passed over.
Axis make_axis(const std::vector<double>& values, const AxisWish& wish);

/// The commands for axis `name`, x or y.
std::string axis_commands(const std::string& name, const Axis& axis);

}  // namespace weft::figures
