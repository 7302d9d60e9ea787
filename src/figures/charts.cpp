#include <algorithm>
#include <cmath>
#include <optional>

#include "src/figures/chart_parts.h"
#include "src/figures/key.h"
#include "weft/error.h"

namespace weft {

namespace {

using namespace figures;

// In pixels.
constexpr double kTop = 104;  // below title and subtitle
constexpr double kRight = 36, kBottom = 84, kPanelTitle = 34, kKeyTop = 88;
constexpr double kLabelled = 30, kTickGap = 22;  // left of the ticks' labels and beside them
constexpr double kLargestSquare = 460, kTallest = 538, kSlimmest = 1.3;

constexpr std::size_t kPerRow = 3;

// A chart's place in the figure.
struct Panel {
  const Chart* chart;
  Axis x, y;
  Box plot;
  std::vector<KeyEntry> key = {};   // what is drawn with this chart
  std::optional<Box> key_box = {};  // inside the plot; else above it
};

struct Layout {
  std::size_t columns = 1, rows = 1;
  double left = 0;                 // of each panel, for the ticks' labels
  std::vector<KeyEntry> key = {};  // of all charts
  std::vector<Panel> panels = {};
  double top = kTop;  // of the first row of panels
  double height = 0;
  double width() const { return kWidth / static_cast<double>(columns); }
  double plot_width() const { return width() - left - kRight; }
};

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

// The height of the plots of a row: squares for regions, and never slim towers.
double plot_height(const Layout& layout, const std::vector<Chart>& charts, std::size_t row) {
  const std::size_t begin = row * layout.columns,
                    end = std::min(begin + layout.columns, charts.size());
  const bool square = std::any_of(charts.begin() + static_cast<std::ptrdiff_t>(begin),
                                  charts.begin() + static_cast<std::ptrdiff_t>(end), has_regions);
  const double width = layout.plot_width();
  if (square) return std::min(width, kLargestSquare);
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
void stack_rows(Layout& layout, const std::vector<Chart>& charts) {
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
    y += title + key;
    for (std::size_t c = begin; c < end; ++c) {
      Panel& panel = layout.panels[c];
      const double left = static_cast<double>(c - begin) * layout.width() + layout.left;
      const double width = has_regions(charts[c]) ? height : layout.plot_width();
      panel.plot = {left, y, left + width, y + height};
    }
    y += height + kBottom;
  }
  layout.height = std::round(y);
}

Layout lay_out(const std::vector<Chart>& charts, std::size_t per_row) {
  Layout layout;
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
  layout.left = std::max(76.0, kLabelled + labels + kTickGap);
  layout.key = shared_key(charts);
  for (Panel& panel : layout.panels) {
    panel.x = x_axis(*panel.chart, has_regions(*panel.chart)
                                       ? std::min(kLargestSquare, layout.plot_width())
                                       : layout.plot_width());
    const auto entries = key_entries(*panel.chart);
    if (!is_part_of(entries, layout.key)) panel.key = entries;
  }
  if (!layout.key.empty())
    layout.top = kKeyTop + 14 + kKeyLine * key_lines(layout.key, kWidth - 80);
  stack_rows(layout, charts);
  for (Panel& panel : layout.panels)
    if (!panel.key.empty() && !has_regions(*panel.chart))
      panel.key_box = free_corner(*panel.chart, panel.key, panel.plot, panel.x, panel.y);
  stack_rows(layout, charts);  // once more, with the keys that found no corner
  for (Panel& panel : layout.panels)
    if (panel.key_box)
      panel.key_box = free_corner(*panel.chart, panel.key, panel.plot, panel.x, panel.y);
  return layout;
}

void draw_panel(Script& script, const Panel& panel, std::size_t place, double width) {
  const Chart& chart = *panel.chart;
  const Box& plot = panel.plot;
  script.margins(plot);
  script.line("set xlabel " + text(chart.x_label) + " tc rgb '" + kText + "'");
  // gnuplot would put it where it supposes the ends of the ticks' labels.
  script.label(plot.left - kTickGap - panel.y.label_width(kFont) - 14, (plot.top + plot.bottom) / 2,
               text(chart.y_label), "center", "rotate by 90 " + front(kText));
  script.line(axis_commands("x", panel.x)).line(axis_commands("y", panel.y));
  double above = plot.top;
  if (panel.key_box) {
    draw_key_box(script, panel.key, *panel.key_box);
  } else if (!panel.key.empty()) {
    above -= kKeyLine * key_lines(panel.key, width);
    draw_key_lines(script, panel.key, plot.left, above - 4, width);
  }
  const double size =
      fitting(kFont, 1.06 * text_width(chart.title, kFont), width + kRight - 8) / kFont;
  if (!chart.title.empty())
    script.label(plot.left, above - 18, bold(chart.title, size), "left", front(kText));
  plot_chart(script, chart, place, panel.x);
  script.line("unset label; unset arrow; unset object");
}

}  // namespace

SavedFigure save_charts(const FigureFile& file, const std::vector<Chart>& charts,
                        int charts_per_row) {
  if (charts.empty()) throw ShapeError("save_charts: expected at least one chart, got none");
  if (charts_per_row < 0)
    throw ShapeError("save_charts: expected at least one chart in a row, or 0 for three, got " +
                     std::to_string(charts_per_row));
  for (const Chart& chart : charts) check_chart(chart);
  const Layout layout = lay_out(charts, static_cast<std::size_t>(charts_per_row));
  Script script(file, static_cast<int>(layout.height));
  for (std::size_t c = 0; c < charts.size(); ++c)
    add_chart_data(script, charts[c], c, layout.panels[c].y);
  script.line("set border 3 lc rgb '" + std::string(kText) + "' lw 1; unset key");
  script.line("set tics nomirror out scale 0.6,0.35 textcolor rgb '" + std::string(kMuted) + "'");
  script.line("set grid xtics ytics lt 1 lw 0.8 lc rgb '" + std::string(kGrid) + "'");
  draw_key_lines(script, layout.key, 40, kKeyTop, kWidth - 80);
  script.line("set multiplot");
  for (std::size_t c = 0; c < charts.size(); ++c)
    draw_panel(script, layout.panels[c], c, layout.plot_width());
  script.line("unset multiplot");
  return save(file, script, charts_table(charts));
}

}  // namespace weft
