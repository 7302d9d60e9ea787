#pragma once

// What a chart's panel is made of: its data as blocks, the plots that show them, and its rows of a CSV.

#include <string>
#include <vector>

#include "src/figures/axis.h"
#include "src/figures/script.h"

namespace weft::figures {

/// Throws ShapeError for what cannot be drawn.
void check_chart(const Chart& chart);

bool has_regions(const Chart& chart);  // of either kind

/// The rectangle of a chart's regions.
Box region_box(const Chart& chart);

/// The data of the chart in place `place` of the figure, as blocks.
void add_chart_data(Script& script, const Chart& chart, std::size_t place, const Axis& y);
/// Shaded bands, palette, and the plot command for those blocks.
void plot_chart(Script& script, const Chart& chart, std::size_t place, const Axis& x);

/// The CSV of a figure: columns for regions and bands stand in it only where there are any.
std::string charts_table(const std::vector<Chart>& charts);

}  // namespace weft::figures
