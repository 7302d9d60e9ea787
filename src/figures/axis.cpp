#include "src/figures/axis.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "src/figures/script.h"

namespace weft::figures {

namespace {

constexpr double kNudge = 1e-9;  // against rounding, as a share of a step
constexpr double kNarrowest = 1e-9;
constexpr double kMargin = 0.04;  // beside marks, as a share of the range

struct Range {
  double low, high;
};

// 1, 2 or 5 times a power of ten.
double nice_step(double least) {
  const double power = std::pow(10.0, std::floor(std::log10(least)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= least * (1 - kNudge)) return factor * power;
  return 10 * power;
}

std::string label_of(double value, double step, bool percent) {
  if (std::abs(value) < step * 1e-6) value = 0;
  if (percent) value *= 100;
  char digits[40];
  std::snprintf(digits, sizeof digits, "%.6g", std::abs(value));
  std::string label = digits;
  if (const auto e = label.find('e'); e != std::string::npos)
    label = label.substr(0, e) + "×10^{" + std::to_string(std::stoi(label.substr(e + 1))) + "}";
  return (value < 0 ? "−" : "") + label + (percent ? " %" : "");
}

Range range_of(const std::vector<double>& values, bool log) {
  Range range{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  for (const double value : values) {
    if (!std::isfinite(value) || (log && value <= 0)) continue;
    range.low = std::min(range.low, value);
    range.high = std::max(range.high, value);
  }
  if (range.low > range.high) return log ? Range{0.1, 1} : Range{0, 1};
  return range;
}

// Where the ends are as good as equal there would be no ticks between them.
Range widened(const Range& range, bool log) {
  const double size = std::max(std::abs(range.low), std::abs(range.high));
  if (range.high - range.low > kNarrowest * size) return range;
  const double half = size == 0 ? 0.5 : 0.1 * size;
  return log ? Range{range.low / 2, range.high * 2} : Range{range.low - half, range.high + half};
}

bool are_whole(const std::vector<double>& values) {
  return !values.empty() && std::all_of(values.begin(), values.end(), [](double value) {
    return std::isfinite(value) && value == std::round(value);
  });
}

Axis linear_axis(const std::vector<double>& values, const AxisWish& wish) {
  const bool fixed = wish.low != wish.high;
  const Range data = widened(fixed ? Range{wish.low, wish.high} : range_of(values, false), false);
  double step = nice_step((data.high - data.low) / wish.most_ticks);
  if (are_whole(values) && !wish.percent) step = std::max(step, 1.0);
  Axis axis{data.low, data.high};
  if (!fixed && wish.to_ticks) {
    axis.low = std::floor(data.low / step + kNudge) * step;
    axis.high = std::ceil(data.high / step - kNudge) * step;
  }
  // A range that ends shortly before a tick goes on to it.
  const double next = std::ceil(axis.high / step - kNudge) * step;
  if (!fixed && next - axis.high < kMargin * (axis.high - axis.low)) axis.high = next;
  const double margin = kMargin * (axis.high - axis.low);
  if (!fixed && wish.room && data.low - axis.low < margin / 2) axis.low = data.low - margin;
  if (!fixed && wish.room && axis.high - data.high < margin / 2) axis.high = data.high + margin;
  for (double k = std::ceil(axis.low / step - kNudge); k * step <= axis.high + kNudge * step; ++k)
    axis.ticks.push_back({k * step, label_of(k * step, step, wish.percent)});
  return axis;
}

// Exponents far from 0 are read more easily than their zeros.
std::string power_label(double factor, int exponent, bool percent) {
  if (exponent >= -3 && exponent <= 4)
    return label_of(factor * std::pow(10.0, exponent), 0, percent);
  return (factor == 1 ? "" : number(factor) + "×") + "10^{" + (exponent < 0 ? "−" : "") +
         std::to_string(std::abs(exponent)) + "}";
}

Axis log_axis(const std::vector<double>& values, const AxisWish& wish) {
  const bool fixed = wish.low != wish.high;
  const Range data = widened(fixed ? Range{wish.low, wish.high} : range_of(values, true), true);
  const double room = fixed || !wish.room ? 1 : std::pow(data.high / data.low, kMargin);
  Axis axis{data.low / room, data.high * room, true};
  const auto exponent_of = [](double value) {
    return static_cast<int>(std::floor(std::log10(value) + kNudge));
  };
  if (!fixed && wish.to_ticks) {
    const double low = std::pow(10.0, exponent_of(axis.low)),
                 high = std::pow(10.0, exponent_of(axis.high));
    axis.low = low * std::floor(axis.low / low + kNudge);
    axis.high = high * std::ceil(axis.high / high - kNudge);
  }
  const int first = exponent_of(axis.low), last = exponent_of(axis.high);
  const double decades = std::log10(axis.high / axis.low);
  const int every = std::max(1, static_cast<int>(std::ceil(decades / wish.most_ticks)));
  for (int exponent = first; exponent <= last; ++exponent)
    for (int factor = 1; factor < 10; ++factor) {
      const double at = factor * std::pow(10.0, exponent);
      if (at < axis.low * (1 - kNudge) || at > axis.high * (1 + kNudge)) continue;
      const bool labelled = factor == 1 ? exponent % every == 0
                            : decades < 0.8
                                ? factor < 7 || decades < 0.4
                                : decades * 3 <= wish.most_ticks && (factor == 2 || factor == 5);
      if (labelled || every == 1)
        axis.ticks.push_back({at, labelled ? power_label(factor, exponent, wish.percent) : ""});
    }
  return axis;
}

}  // namespace

double Axis::share_of(double value) const {
  if (log && value <= 0) return std::numeric_limits<double>::quiet_NaN();
  return log ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
}

double Axis::label_width(double points) const {
  double width = 0;
  for (const Tick& tick : ticks)
    if (const auto raised = tick.label.find("^{"); raised == std::string::npos)
      width = std::max(width, text_width(tick.label, points));
    else
      width = std::max(width, text_width(tick.label.substr(0, raised), points) +
                                  text_width(tick.label.substr(raised + 2), 0.6 * points));
  return width;
}

Axis make_axis(const std::vector<double>& values, const AxisWish& wish) {
  return wish.log ? log_axis(values, wish) : linear_axis(values, wish);
}

std::string axis_commands(const std::string& name, const Axis& axis) {
  std::string ticks;
  for (const Tick& tick : axis.ticks) {
    ticks += ticks.empty() ? "'" : ", '";
    for (const char c : tick.label) ticks += c == '%' ? std::string("%%") : std::string(1, c);
    ticks += "' " + number(tick.at) + (tick.label.empty() ? " 1" : "");
  }
  return (axis.log ? "set logscale " : "unset logscale ") + name + "; set " + name + "range [" +
         number(axis.low) + ":" + number(axis.high) + "]\nset " + name + "tics (" + ticks + ")";
}

}  // namespace weft::figures
