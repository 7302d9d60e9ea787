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
  }
}

std::string plot_command(const Chart& chart, std::size_t c) {
  std::vector<std::string> behind, front;
  for (std::size_t k = 0; k < chart.curves.size(); ++k) {
    const Curve& curve = chart.curves[k];
    const std::string colour = kColours[k % std::size(kColours)];
    const std::string title = curve.name.empty() ? " notitle" : " title " + text(curve.name);
    const std::string data = "$" + block_name(c, k);
    if (is_smooth(curve)) {
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
  std::string command = "plot ";
  for (std::size_t i = 0; i < behind.size(); ++i) command += (i == 0 ? "" : ", \\\n  ") + behind[i];
  return command;
}

void add_axes(Script& script, const std::string& colour_text, const std::string& colour_muted) {
  script.line("set border 3 lc rgb " + colour_text + " lw 1");
  script.line("set tics nomirror out scale 0.6 textcolor rgb " + colour_muted);
  script.line("set grid xtics ytics lt 1 lw 0.8 lc rgb '" + std::string(kGrid) + "'");
}

void add_chart(Script& script, const Chart& chart, std::size_t c, std::size_t count) {
  const double width = static_cast<double>(kWidth) / static_cast<double>(count);
  const double left = static_cast<double>(c) * width;
  const double top = kTop + (chart.title.empty() ? 0 : kPanelTitle);
  const double height = script.height();
  const auto across = [](double x) { return number(x / kWidth); };
  script.line("set lmargin at screen " + across(left + kLeft));
  script.line("set rmargin at screen " + across(left + width - kRight));
  script.line("set tmargin at screen " + number(1 - top / height));
  script.line("set bmargin at screen " + number(kBottom / height));
  script.line(std::string("set key ") + (chart.key_below ? "bottom" : "top") +
              " right reverse Left samplen 2 spacing 1.25 textcolor rgb '" + kText + "'");
  script.line("set xlabel " + text(chart.x_label) + " tc rgb '" + kText + "'");
  script.line("set ylabel " + text(chart.y_label) + " tc rgb '" + kText + "'");
  script.line(chart.log_y ? "set logscale y; set format y '10^{%L}'"
                          : std::string("unset logscale y; set format y '") +
                                (chart.percent_y ? "%g %%'" : "%g'"));
  if (c > 0) script.line("unset label");  // the figure's own are drawn once
  if (!chart.title.empty())
    script.label(left + kLeft, top - 18, bold(chart.title, 1), "left",
                 "front tc rgb '" + std::string(kText) + "'");
  script.line(plot_command(chart, c));
}

std::string table(const std::vector<Chart>& charts) {
  std::string csv = "chart,curve,x,y\n";
  for (const Chart& chart : charts)
    for (const Curve& curve : chart.curves)
      for (std::size_t i = 0; i < curve.x.size(); ++i)
        csv += csv_field(chart.title) + "," + csv_field(curve.name) + "," + number(curve.x[i]) +
               "," + number(curve.y[i]) + "\n";
  return csv;
}

}  // namespace

SavedFigure save_charts(const FigureFile& file, const std::vector<Chart>& charts) {
  if (charts.empty()) throw ShapeError("save_charts: expected at least one chart, got none");
  for (const Chart& chart : charts) {
    if (chart.curves.empty()) throw ShapeError("save_charts: expected curves, got none");
    for (const Curve& curve : chart.curves)
      if (curve.x.size() != curve.y.size() || curve.x.empty())
        throw ShapeError("save_charts: expected as many x as y and at least one, got " +
                         std::to_string(curve.x.size()) + " and " + std::to_string(curve.y.size()) +
                         " for \"" + curve.name + "\"");
  }
  Script script(file);
  add_data(script, charts);
  add_axes(script, "'" + std::string(kText) + "'", "'" + std::string(kMuted) + "'");
  if (charts.size() > 1) script.line("set multiplot");
  for (std::size_t c = 0; c < charts.size(); ++c) add_chart(script, charts[c], c, charts.size());
  if (charts.size() > 1) script.line("unset multiplot");
  return save(file, script, table(charts));
}

}  // namespace weft
