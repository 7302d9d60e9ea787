#include <algorithm>
#include <cmath>

#include "src/figures/chart_parts.h"
#include "src/figures/fields.h"
#include "weft/error.h"

namespace weft::figures {

namespace {

constexpr const char* kFunction = "save_charts";

[[noreturn]] void refuse(const std::string& reason) {
  throw ShapeError(std::string(kFunction) + ": " + reason);
}

void check_curve(const Curve& curve, std::size_t place) {
  if (curve.x.size() != curve.y.size())
    refuse("expected as many x as y, got " + std::to_string(curve.x.size()) + " and " +
           std::to_string(curve.y.size()) + " for \"" + curve.name + "\"");
  colour_or(curve.colour, place);
  if (!curve.steps || curve.x.empty()) return;
  const std::size_t bins = curve.x.size();
  const double width = bins < 2 ? 0 : (curve.x.back() - curve.x.front()) / double(bins - 1);
  bool equal = width > 0;
  for (std::size_t i = 1; i < bins; ++i)
    equal = equal && std::abs(curve.x[i] - curve.x[i - 1] - width) <= 0.01 * width;
  if (!equal)
    refuse("expected at least two bins of equal width in rising order for \"" + curve.name +
           "\", got " + std::to_string(bins) + " that are not");
}

void check_class_field(const ClassField& field, std::size_t curves) {
  const std::string name = std::string(kFunction) + ", class regions";
  check_cells(name, field, field.classes.size());
  check_cells(std::string(kFunction) + ", confidence of class regions", field,
              field.confidence.size());
  for (const int index : field.classes)
    if (index < 0 || static_cast<std::size_t>(index) >= curves)
      refuse("expected classes from 0 to " + std::to_string(curves - 1) +
             ", one for each curve, got " + std::to_string(index));
}

}  // namespace

void check_chart(const Chart& chart) {
  if (chart.curves.empty()) refuse("expected curves, got none");
  for (std::size_t k = 0; k < chart.curves.size(); ++k) check_curve(chart.curves[k], k);
  if (chart.regions.rows != 0 && chart.class_regions.rows != 0)
    refuse("expected regions of one kind, got both for \"" + chart.title + "\"");
  if (chart.regions.rows != 0) check_cells(kFunction, chart.regions, chart.regions.values.size());
  if (chart.class_regions.rows != 0) check_class_field(chart.class_regions, chart.curves.size());
  for (const Band& band : chart.bands) {
    if (!(band.low < band.high))
      refuse("expected a band from low to high, got " + number(band.low) + " to " +
             number(band.high));
    colour_or(band.colour, 0);
  }
  if (!(chart.y_low <= chart.y_high) || !std::isfinite(chart.y_high - chart.y_low) ||
      (chart.log_y && chart.y_low != chart.y_high && chart.y_low <= 0))
    refuse("expected a range of y that the axis can have, got " + number(chart.y_low) + " to " +
           number(chart.y_high));
}

}  // namespace weft::figures
