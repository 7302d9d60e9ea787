#include <algorithm>
#include <cmath>
#include <limits>

#include "src/figures/chart_parts.h"
#include "src/figures/fields.h"

namespace weft::figures {

namespace {

constexpr const char* kTransparent = "#b0";  // alpha in front of a colour: 0 is opaque
constexpr double kBandTint = 0.16;
// A cell's share of its class's colour, for a confidence of 0 and of 1.
constexpr double kPale = 0.06, kStrong = 0.46;
// Class k takes the numbers from k to k + kClassSpan of the palette, up to the next class's.
constexpr double kClassSpan = 0.98;

// Mean over the `window` points about each point, passing over what is not finite. Towards the ends the
// window shrinks on both sides, since a one-sided one would bend the curve; where less than half of it is left
// there is no mean: a curve of single points in the end would look like a result.
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
    if (4 * reach < window && y.size() > 2 * window)
      means[i] = std::numeric_limits<double>::quiet_NaN();
    else
      means[i] = (sums[end] - sums[begin]) / (counts[end] - counts[begin]);
  }
  return means;
}

bool is_smooth(const Curve& curve) { return curve.smoothing > 1 && !curve.steps; }

std::string block_name(std::size_t chart, std::size_t curve) {
  return "chart" + std::to_string(chart + 1) + "curve" + std::to_string(curve + 1);
}

// The outline of a histogram, from its base and back to it.
std::vector<std::string> outline(const Curve& curve, double base) {
  const auto row = [](double x, double y) { return number(x) + " " + number(y); };
  const double half = (curve.x.back() - curve.x.front()) / double(curve.x.size() - 1) / 2;
  std::vector<std::string> rows{row(curve.x.front() - half, base)};
  for (std::size_t i = 0; i < curve.x.size(); ++i) {
    const double y = std::isfinite(curve.y[i]) ? std::max(curve.y[i], base) : base;
    rows.push_back(row(curve.x[i] - half, y));
    rows.push_back(row(curve.x[i] + half, y));
  }
  rows.push_back(row(curve.x.back() + half, base));
  return rows;
}

std::vector<std::string> points(const Curve& curve) {
  const auto means = is_smooth(curve)
                         ? running_mean(curve.y, static_cast<std::size_t>(curve.smoothing))
                         : std::vector<double>();
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < curve.x.size(); ++i) {
    rows.push_back(number(curve.x[i]) + " " + number(curve.y[i]));
    if (is_smooth(curve)) rows.back() += " " + number(means[i]);
  }
  return rows;
}

// The plots of a chart, in the order in which they are drawn over each other.
struct Layers {
  std::vector<std::string> behind, front, scatter;
};

void add_curve(const Curve& curve, const std::string& colour, const std::string& data,
               Layers& layers) {
  const std::string rgb = " lc rgb '" + colour + "' notitle";
  const std::string dashes = curve.dashed ? " dt (10,6)" : "";
  if (curve.steps) {
    layers.behind.push_back(data +
                            " using 1:2 with filledcurves closed fs transparent solid 0.3 "
                            "noborder" +
                            rgb);
    layers.front.push_back(data + " using 1:2 with lines lw 1.8" + dashes + rgb);
  } else if (!curve.line) {
    // Points stand out from lines and colours by a white rim: they are drawn twice.
    layers.scatter.push_back(data + " using 1:2 with points pt 7 ps 1.25 lc rgb '#ffffff' notitle");
    layers.scatter.push_back(data + " using 1:2 with points pt 7 ps 0.9" + rgb);
  } else if (is_smooth(curve)) {
    layers.behind.push_back(data + " using 1:2 with lines lw 0.8 lc rgb '" + kTransparent +
                            colour.substr(1) + "' notitle");
    layers.front.push_back(data + " using 1:3 with lines lw 2.4" + dashes + rgb);
  } else {
    layers.front.push_back(data + " using 1:2 with lines lw 2.4" + dashes + rgb);
    if (curve.points) layers.scatter.push_back(data + " using 1:2 with points pt 7 ps 0.9" + rgb);
  }
}

// Where no boundary runs through the regions gnuplot has no line to draw.
bool has_boundary(const Field& regions) {
  const auto [low, high] = std::minmax_element(regions.values.begin(), regions.values.end());
  return *low < 0.5f && *high > 0.5f;
}

void add_regions(Script& script, const Chart& chart, const std::string& place, Layers& layers) {
  const auto colour = [&](std::size_t k) {
    return colour_or(k < chart.curves.size() ? chart.curves[k].colour : "", k);
  };
  const std::string zero = colour(0), one = colour(1);
  // A little past 0 and 1, so that the full colours are left to the points.
  script.line(palette_command({{-0.15, zero},
                               {0.02, between(kWhite, zero, 0.55)},
                               {0.5, kWhite},
                               {0.98, between(kWhite, one, 0.55)},
                               {1.15, one}}));
  layers.behind.push_back("$regions" + place + " matrix " + cells_using(chart.regions) +
                          " with image notitle");
  if (has_boundary(chart.regions))
    layers.behind.push_back("$boundary" + place + " using 1:2 with lines lw 1.8 lc rgb '" +
                            std::string(kText) + "' notitle");
}

void add_class_regions(Script& script, const Chart& chart, const std::string& place,
                       Layers& layers) {
  Gradient gradient;
  for (std::size_t k = 0; k < chart.curves.size(); ++k) {
    const std::string colour = colour_or(chart.curves[k].colour, k);
    const double begin = static_cast<double>(k);
    gradient.push_back({begin, between(kWhite, colour, kPale)});
    gradient.push_back({begin + kClassSpan + 0.01, between(kWhite, colour, kStrong)});
  }
  script.line(palette_command(gradient));
  layers.behind.push_back("$classes" + place + " matrix " + cells_using(chart.class_regions) +
                          " with image notitle");
}

void add_bands(Script& script, const std::vector<Band>& bands, const Axis& x) {
  for (const Band& band : bands) {
    const double low = std::max(band.low, x.low), high = std::min(band.high, x.high);
    if (!(low < high)) continue;
    script.line("set object rectangle from " + number(low) + ", graph 0 to " + number(high) +
                ", graph 1 behind fc rgb '" +
                between(kWhite, band.colour.empty() ? kMuted : band.colour, kBandTint) +
                "' fs solid noborder");
  }
}

}  // namespace

bool has_regions(const Chart& chart) {
  return chart.regions.rows != 0 || chart.class_regions.rows != 0;
}

Box region_box(const Chart& chart) {
  const auto box = [](const auto& field) {
    return Box{field.x_low, field.y_low, field.x_high, field.y_high};
  };
  return chart.regions.rows != 0 ? box(chart.regions) : box(chart.class_regions);
}

void add_chart_data(Script& script, const Chart& chart, std::size_t place, const Axis& y) {
  const std::string name = std::to_string(place + 1);
  if (chart.regions.rows != 0) {
    const Field& field = chart.regions;
    script.data("regions" + name, cell_rows(field, [&](std::size_t i) { return field.values[i]; }));
    if (has_boundary(field))
      script.contour("regions" + name, "boundary" + name, field, "discrete 0.5");
  }
  if (chart.class_regions.rows != 0) {
    const ClassField& field = chart.class_regions;
    script.data("classes" + name, cell_rows(field, [&](std::size_t i) {
                  const double sure = static_cast<double>(field.confidence[i]);
                  return field.classes[i] +
                         kClassSpan * (std::isfinite(sure) ? std::clamp(sure, 0.0, 1.0) : 0);
                }));
  }
  for (std::size_t k = 0; k < chart.curves.size(); ++k) {
    const Curve& curve = chart.curves[k];
    if (curve.x.empty()) continue;  // gnuplot takes no empty block
    script.data(block_name(place, k),
                curve.steps ? outline(curve, y.log ? y.low : 0) : points(curve));
  }
}

void plot_chart(Script& script, const Chart& chart, std::size_t place, const Axis& x) {
  Layers layers;
  const std::string name = std::to_string(place + 1);
  if (chart.regions.rows != 0) add_regions(script, chart, name, layers);
  if (chart.class_regions.rows != 0) add_class_regions(script, chart, name, layers);
  add_bands(script, chart.bands, x);
  for (std::size_t k = 0; k < chart.curves.size(); ++k)
    if (const Curve& curve = chart.curves[k]; !curve.x.empty())
      add_curve(curve, colour_or(curve.colour, k), "$" + block_name(place, k), layers);
  std::vector<std::string> plots = layers.behind;
  plots.insert(plots.end(), layers.front.begin(), layers.front.end());
  plots.insert(plots.end(), layers.scatter.begin(), layers.scatter.end());
  if (plots.empty()) plots.push_back("NaN notitle");
  script.line(joined("plot", plots));
}

}  // namespace weft::figures
