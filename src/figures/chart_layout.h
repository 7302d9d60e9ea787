#pragma once

// Where the charts of a figure stand, with their axes and keys.

#include <optional>
#include <vector>

#include "src/figures/axis.h"
#include "src/figures/key.h"
#include "src/figures/script.h"

namespace weft::figures {

// In pixels.
constexpr double kPanelTitle = 34;  // above a plot
constexpr double kPanelRight = 36,
                 kPanelBottom = 84;  // beside it, and for its ticks and label below
constexpr double kTickGap = 22;      // between a tick's label and the axis

/// A chart's place in the figure.
struct Panel {
  const Chart* chart;
  Axis x, y;
  Box plot = {};
  std::vector<KeyEntry> key = {};   // what is drawn with this chart
  std::optional<Box> key_box = {};  // where; none: below the plot
};

struct ChartLayout {
  std::size_t columns = 1, rows = 1;
  double left = 0;                 // of each panel, for the ticks' labels and the axis' name
  std::vector<KeyEntry> key = {};  // of all charts, above them
  std::vector<Panel> panels = {};
  double top = 104;  // of the first row of panels
  double height = 0;
  double width() const { return kWidth / static_cast<double>(columns); }
  double plot_width() const { return width() - left - kPanelRight; }
};

/// At most `per_row` charts in a row; 0: three, and the rows filled evenly.
ChartLayout lay_out_charts(const std::vector<Chart>& charts, std::size_t per_row);

}  // namespace weft::figures
