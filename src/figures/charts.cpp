#include <algorithm>
#include <cmath>
#include <iterator>

#include "src/figures/script.h"
#include "weft/error.h"

namespace weft {

namespace {

using namespace figures;

constexpr int kTop = 104;  // below title and subtitle, in pixels
constexpr int kLeft = 104, kRight = 36, kBottom = 84, kPanelTitle = 34;
constexpr double kLargestSquare = 460;
constexpr const char* kTransparent = "#b0";  // alpha in front of a colour: 0 is opaque

// Mean over the `window` points about each point, passing over what is not finite. Towards the ends the
// window shrinks on both sides: a one-sided one would bend the curve.
std::vector<double> running_mean(const std::vector<double>& y, std::size_t window) {
  std::vector<double> sums(y.size() + 1, 0.0), counts(y.size() + 1, 0.0);
  for (std::size_t i = 0; i < y.size(); ++i) {
    const bool finite = std::isfinite(y[i]);
    sums[i + 1] = sums[i] + (finite ? y[i] : 0);
    counts[i + 1] = counts[i] + (finite ? 1 : 0);
  }
  std::vector<double> means(y.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::size_t reach = std::min({window / 2, i, y.size() - 1 - i});
    const std::size_t begin = i - reach, end = i + reach + 1;
    means[i] = (sums[end] - sums[begin]) / (counts[end] - counts[begin]);
  }
  return means;
}

bool is_smooth(const Curve& curve) { return curve.smoothing > 1; }
bool has_regions(const Chart& chart) { return chart.regions.rows > 0; }

// Whether a boundary runs through the regions: without one gnuplot has no line to draw.
bool has_boundary(const Field& regions) {
  const auto [low, high] = std::minmax_element(regions.values.begin(), regions.values.end());
  return *low < 0.5f && *high > 0.5f;
}

std::string block_name(std::size_t chart, std::size_t curve) {
  return "chart" + std::to_string(chart + 1) + "curve" + std::to_string(curve + 1);
}

void add_data(Script& script, const std::vector<Chart>& charts) {
  for (std::size_t c = 0; c < charts.size(); ++c) {
    for (std::size_t k = 0; k < charts[c].curves.size(); ++k) {
      const Curve& curve = charts[c].curves[k];
      const auto means = is_smooth(curve)
                             ? running_mean(curve.y, static_cast<std::size_t>(curve.smoothing))
                             : std::vector<double>();
      const double unit = charts[c].percent_y ? 100 : 1;
      std::vector<std::string> rows;
      for (std::size_t i = 0; i < curve.x.size(); ++i) {
        rows.push_back(number(curve.x[i]) + " " + number(unit * curve.y[i]));
        if (is_smooth(curve)) rows.back() += " " + number(unit * means[i]);
      }
      script.data(block_name(c, k), rows);
    }
    if (!has_regions(charts[c])) continue;
    const Field& regions = charts[c].regions;
    const std::string name = "regions" + std::to_string(c + 1);
    script.data(name, field_rows(regions));
    if (has_boundary(regions))
      script.contour(name, "boundary" + std::to_string(c + 1), regions, "discrete 0.5");
  }
}

// Points stand out from lines and colours by a white rim: they are drawn twice.
void add_scatter(const std::string& data, const std::string& colour, const std::string& title,
                 std::vector<std::string>& plots) {
  plots.push_back(data + " using 1:2 with points pt 7 ps 1.25 lc rgb '#ffffff' notitle");
  plots.push_back(data + " using 1:2 with points pt 7 ps 0.9 lc rgb '" + colour + "'" + title);
}

std::string plot_command(const Chart& chart, std::size_t c) {
  std::vector<std::string> behind, front, scatter;
  if (has_regions(chart)) {
    const std::string place = std::to_string(c + 1);
    behind.push_back("$regions" + place + " matrix " + field_using(chart.regions) +
                     " with image notitle");
    if (has_boundary(chart.regions))
      behind.push_back("$boundary" + place + " using 1:2 with lines lw 1.8 lc rgb '" + kText +
                       "' notitle");
  }
  for (std::size_t k = 0; k < chart.curves.size(); ++k) {
    const Curve& curve = chart.curves[k];
    const std::string colour = colour_or(curve.colour, k);
    const std::string title = curve.name.empty() ? " notitle" : " title " + text(curve.name);
    const std::string data = "$" + block_name(c, k);
    if (!curve.line) {
      add_scatter(data, colour, title, scatter);
    } else if (is_smooth(curve)) {
      behind.push_back(data + " using 1:2 with lines lw 0.8 lc rgb '" + kTransparent +
                       colour.substr(1) + "' notitle");
      front.push_back(data + " using 1:3 with lines lw 2.4 lc rgb '" + colour + "'" + title);
    } else {
      front.push_back(data + " using 1:2 with " +
                      (curve.points ? "linespoints pt 7 ps 0.8" : "lines") + " lw 2.4 lc rgb '" +
                      colour + "'" + title);
    }
  }
  behind.insert(behind.end(), front.begin(), front.end());
  behind.insert(behind.end(), scatter.begin(), scatter.end());
  return joined("plot", behind);
}

void add_axes(Script& script, const std::string& colour_text, const std::string& colour_muted) {
  script.line("set border 3 lc rgb " + colour_text + " lw 1");
  script.line("set tics nomirror out scale 0.6 textcolor rgb " + colour_muted);
  script.line("set grid xtics ytics lt 1 lw 0.8 lc rgb '" + std::string(kGrid) + "'");
}

// Where the charts stand, in pixels from the top left corner.
struct Grid {
  std::size_t columns, rows;
  double width, height;  // of a chart's place
  bool square;
};

Grid lay_out(const std::vector<Chart>& charts) {
  const bool square = std::all_of(charts.begin(), charts.end(), has_regions);
  const std::size_t rows = square && charts.size() > 3 ? 2 : 1;
  const std::size_t columns = (charts.size() + rows - 1) / rows;
  const double width = static_cast<double>(kWidth) / static_cast<double>(columns);
  const double side = std::min(width - kLeft - kRight, kLargestSquare);
  return {columns, rows, width, square ? kPanelTitle + side + kBottom : kHeight - kTop, square};
}

void add_ranges(Script& script, const Chart& chart) {
  const auto range = [](const char* axis, double low, double high) {
    return std::string("set ") + axis + "range [" +
           (low == high ? "*:*" : number(low) + ":" + number(high)) + "]";
  };
  const Field& r = chart.regions;
  const double unit = chart.percent_y ? 100 : 1;
  script.line(range("x", r.x_low, r.x_high));
  script.line(has_regions(chart) ? range("y", r.y_low, r.y_high)
                                 : range("y", unit * chart.y_low, unit * chart.y_high));
  if (has_regions(chart)) {
    script.line("set palette defined (0 '" + std::string(kColours[0]) +
                "', 0.02 '#86aaf6', 0.5 '#ffffff', 0.98 '#ef8f8f', 1 '" + kColours[1] + "')");
    script.line("set cbrange [-0.15:1.15]; unset colorbox");
  }
}

void add_chart(Script& script, const Chart& chart, std::size_t c, const Grid& grid) {
  const double left = static_cast<double>(c % grid.columns) * grid.width + kLeft;
  double right = left + grid.width - kLeft - kRight;
  const double above = kTop + static_cast<double>(c / grid.columns) * grid.height;
  const double top = above + (chart.title.empty() ? 0 : kPanelTitle);
  double bottom = above + grid.height - kBottom;
  if (grid.square) {
    const double side = std::min(right - left, bottom - top);
    right = left + side;
    bottom = top + side;
  }
  const double height = script.height();
  script.line("set lmargin at screen " + number(left / kWidth));
  script.line("set rmargin at screen " + number(right / kWidth));
  script.line("set tmargin at screen " + number(1 - top / height));
  script.line("set bmargin at screen " + number(1 - bottom / height));
  // Over regions a key would hide what matters: it stands once, above them all.
  if (!has_regions(chart))
    script.line(std::string("set key ") + (chart.key_below ? "bottom" : "top") +
                (chart.key_left ? " left" : " right") +
                " vertical reverse Left samplen 2 spacing 1.25 textcolor rgb '" + kText + "'");
  else if (c == 0)
    script.line("set key at screen " + number((kWidth - kRight) / static_cast<double>(kWidth)) +
                ", screen " + number(1 - 56 / height) +
                " right horizontal reverse Left samplen 1 textcolor rgb '" + kText + "'");
  else
    script.line("unset key");
  script.line("set xlabel " + text(chart.x_label) + " tc rgb '" + kText + "'");
  script.line("set ylabel " + text(chart.y_label) + " tc rgb '" + kText + "'");
  script.line(chart.log_y ? "set logscale y; set format y '10^{%L}'"
                          : std::string("unset logscale y; set format y '") +
                                (chart.percent_y ? "%g %%'" : "%g'"));
  add_ranges(script, chart);
  if (c > 0) script.line("unset label");  // the figure's own are drawn once
  if (!chart.title.empty())
    script.label(left, top - 18, bold(chart.title, 1), "left",
                 "front tc rgb '" + std::string(kText) + "'");
  script.line(plot_command(chart, c));
}

std::string table(const std::vector<Chart>& charts) {
  const bool regions = std::any_of(charts.begin(), charts.end(), has_regions);
  std::string csv = std::string("chart,curve,x,y") + (regions ? ",probability\n" : "\n");
  for (const Chart& chart : charts)
    for (const Curve& curve : chart.curves)
      for (std::size_t i = 0; i < curve.x.size(); ++i)
        csv += csv_field(chart.title) + "," + csv_field(curve.name) + "," + number(curve.x[i]) +
               "," + number(curve.y[i]) + (regions ? ",\n" : "\n");
  for (const Chart& chart : charts)
    for (std::size_t i = 0; i < chart.regions.values.size(); ++i) {
      const int cell = static_cast<int>(i), columns = chart.regions.columns;
      csv += csv_field(chart.title) + ",regions," + number(chart.regions.x(cell % columns)) + "," +
             number(chart.regions.y(cell / columns)) + "," +
             number(static_cast<double>(chart.regions.values[i])) + "\n";
    }
  return csv;
}

}  // namespace

std::string colour_in_series(double share) {
  // From a pale to a dark violet, so that a series stands apart from the figures' other colours.
  constexpr double kPale[] = {0xd6, 0xcc, 0xf7}, kDark[] = {0x4c, 0x1d, 0x95};
  constexpr const char* kDigits = "0123456789abcdef";
  share = std::clamp(share, 0.0, 1.0);
  std::string colour = "#";
  for (std::size_t i = 0; i < 3; ++i) {
    const int value = static_cast<int>(std::lround(kPale[i] + share * (kDark[i] - kPale[i])));
    colour += kDigits[value / 16];
    colour += kDigits[value % 16];
  }
  return colour;
}

SavedFigure save_charts(const FigureFile& file, const std::vector<Chart>& charts, int) {
  if (charts.empty()) throw ShapeError("save_charts: expected at least one chart, got none");
  for (const Chart& chart : charts) {
    if (chart.curves.empty()) throw ShapeError("save_charts: expected curves, got none");
    if (has_regions(chart)) check_field("save_charts", chart.regions);
    for (const Curve& curve : chart.curves)
      if (curve.x.size() != curve.y.size() || curve.x.empty())
        throw ShapeError("save_charts: expected as many x as y and at least one, got " +
                         std::to_string(curve.x.size()) + " and " + std::to_string(curve.y.size()) +
                         " for \"" + curve.name + "\"");
  }
  const Grid grid = lay_out(charts);
  Script script(file, kTop + static_cast<int>(static_cast<double>(grid.rows) * grid.height));
  add_data(script, charts);
  add_axes(script, "'" + std::string(kText) + "'", "'" + std::string(kMuted) + "'");
  if (charts.size() > 1) script.line("set multiplot");
  for (std::size_t c = 0; c < charts.size(); ++c) add_chart(script, charts[c], c, grid);
  if (charts.size() > 1) script.line("unset multiplot");
  return save(file, script, table(charts));
}

}  // namespace weft
