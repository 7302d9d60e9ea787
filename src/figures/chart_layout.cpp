#include "src/figures/chart_layout.h"

#include <algorithm>
#include <cmath>

#include "src/figures/chart_parts.h"

namespace weft::figures {

namespace {

// In pixels.
constexpr double kAxisName = 42, kKeyGap = 12;
constexpr double kTallest = 538, kLargestSquare = 460, kSlimmest = 1.3;
constexpr std::size_t kPerRow = 3;

Axis x_axis(const Chart& chart, double plot_width) {
  AxisWish wish{.log = chart.log_x,
                .most_ticks = std::clamp(static_cast<int>(plot_width / 75), 2, 10)};
  std::vector<double> values;
  for (const Curve& curve : chart.curves) {
    values.insert(values.end(), curve.x.begin(), curve.x.end());
    wish.room = wish.room || curve.points || !curve.line;
    if (!curve.steps || curve.x.empty()) continue;
    const double half = (curve.x.back() - curve.x.front()) / double(curve.x.size() - 1) / 2;
    values.insert(values.end(), {curve.x.front() - half, curve.x.back() + half});
  }
  for (const Band& band : chart.bands) values.insert(values.end(), {band.low, band.high});
  if (has_regions(chart)) {
    const Box box = region_box(chart);
    wish.low = box.left;
    wish.high = box.right;
  }
  return make_axis(values, wish);
}

Axis y_axis(const Chart& chart, double plot_height) {
  AxisWish wish{.low = chart.y_low,
                .high = chart.y_high,
                .log = chart.log_y,
                .percent = chart.percent_y,
                .to_ticks = true,
                .most_ticks = std::clamp(static_cast<int>(plot_height / 62), 3, 7)};
  std::vector<double> values;
  for (const Curve& curve : chart.curves) {
    values.insert(values.end(), curve.y.begin(), curve.y.end());
    wish.room = wish.room || curve.points || !curve.line;
    if (curve.steps) values.push_back(0);
  }
  if (has_regions(chart)) {
    const Box box = region_box(chart);  // its top is y_low: y of a chart grows upwards
    wish.low = box.top;
    wish.high = box.bottom;
  }
  return make_axis(values, wish);
}

double largest_square(const ChartLayout& layout) {
  return layout.columns == 1 ? kTallest : kLargestSquare;
}

// The height of the plots of a row: squares for regions, and never slim towers.
double plot_height(const ChartLayout& layout, const std::vector<Chart>& charts, std::size_t row) {
  const std::size_t begin = row * layout.columns,
                    end = std::min(begin + layout.columns, charts.size());
  const bool square = std::any_of(charts.begin() + static_cast<std::ptrdiff_t>(begin),
                                  charts.begin() + static_cast<std::ptrdiff_t>(end), has_regions);
  const double width = layout.plot_width();
  if (square) return std::min(width, largest_square(layout));
  return std::min(layout.rows == 1 ? kTallest : layout.rows == 2 ? 380 : 320, kSlimmest * width);
}

// The key of all charts stands once above them where they have the same one, or where there are
// regions, which it would hide.
std::vector<KeyEntry> shared_key(const std::vector<Chart>& charts) {
  std::vector<KeyEntry> all;
  bool same = true;
  std::size_t with_key = 0;
  const bool regions = std::any_of(charts.begin(), charts.end(), has_regions);
  for (const Chart& chart : charts) {
    const auto entries = key_entries(chart);
    if (entries.empty()) continue;
    same = same && (with_key++ == 0 || entries == all);
    if (regions && !has_regions(chart)) continue;
    for (const KeyEntry& entry : entries)
      if (std::find(all.begin(), all.end(), entry) == all.end()) all.push_back(entry);
  }
  return regions || (same && with_key > 1) ? all : std::vector<KeyEntry>();
}

bool is_part_of(const std::vector<KeyEntry>& entries, const std::vector<KeyEntry>& all) {
  return std::all_of(entries.begin(), entries.end(), [&](const KeyEntry& entry) {
    return std::find(all.begin(), all.end(), entry) != all.end();
  });
}

// Sets where the rows of panels stand; returns the figure's height.
void stack_rows(ChartLayout& layout, const std::vector<Chart>& charts) {
  double y = layout.top;
  for (std::size_t row = 0; row < layout.rows; ++row) {
    const std::size_t begin = row * layout.columns,
                      end = std::min(begin + layout.columns, charts.size());
    const double height = plot_height(layout, charts, row);
    double title = 0, key = 0;
    for (std::size_t c = begin; c < end; ++c) {
      const Panel& panel = layout.panels[c];
      if (!charts[c].title.empty()) title = kPanelTitle;
      if (!panel.key_box) key = std::max(key, kKeyLine * key_lines(panel.key, layout.plot_width()));
    }
    if (layout.rows == 1 && title == 0) y += 8;
    y += title;
    for (std::size_t c = begin; c < end; ++c) {
      Panel& panel = layout.panels[c];
      const double left = static_cast<double>(c - begin) * layout.width() + layout.left;
      const double width = has_regions(charts[c]) ? height : layout.plot_width();
      panel.plot = {left, y, left + width, y + height};
    }
    y += height + kPanelBottom + (key > 0 ? key + kKeyGap : 0);
  }
  layout.height = std::round(y);
}

}  // namespace

ChartLayout lay_out_charts(const std::vector<Chart>& charts, std::size_t per_row) {
  ChartLayout layout;
  const std::size_t most = per_row == 0 ? kPerRow : per_row;
  layout.rows = (charts.size() + most - 1) / most;
  // By default rows are filled evenly: four charts are two and two.
  layout.columns = per_row == 0 ? (charts.size() + layout.rows - 1) / layout.rows
                                : std::min(per_row, charts.size());
  layout.left = 104;
  double labels = 0;
  for (std::size_t c = 0; c < charts.size(); ++c) {
    const double height = plot_height(layout, charts, c / layout.columns);
    layout.panels.push_back({&charts[c], {}, y_axis(charts[c], height), {}});
    labels = std::max(labels, layout.panels[c].y.label_width(kFont));
  }
  layout.left = std::max(84.0, kAxisName + labels + kTickGap);
  // Regions in a single column leave room for their keys beside them.
  const bool beside = layout.columns == 1 && std::all_of(charts.begin(), charts.end(), has_regions);
  if (!beside) layout.key = shared_key(charts);
  for (Panel& panel : layout.panels) {
    panel.x = x_axis(*panel.chart, has_regions(*panel.chart)
                                       ? std::min(largest_square(layout), layout.plot_width())
                                       : layout.plot_width());
    const auto entries = key_entries(*panel.chart);
    if (!is_part_of(entries, layout.key)) panel.key = entries;
    if (beside) panel.key_box.emplace();  // for now: none below the plot
  }
  if (!layout.key.empty())
    layout.top = kKeyTop + 14 + kKeyLine * key_lines(layout.key, kWidth - 80);
  stack_rows(layout, charts);
  for (Panel& panel : layout.panels)
    if (!panel.key.empty() && !has_regions(*panel.chart))
      panel.key_box = free_corner(*panel.chart, panel.key, panel.plot, panel.x, panel.y);
  stack_rows(layout, charts);  // once more, with the keys that found no corner
  for (Panel& panel : layout.panels)
    if (beside)
      panel.key_box = key_box_at(panel.key, panel.plot.right + 16, panel.plot.top);
    else if (panel.key_box)
      panel.key_box = free_corner(*panel.chart, panel.key, panel.plot, panel.x, panel.y);
  return layout;
}

}  // namespace weft::figures
