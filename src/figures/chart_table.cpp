#include <algorithm>

#include "src/figures/chart_parts.h"

namespace weft::figures {

namespace {

// Which columns follow chart, curve, x and y.
struct Columns {
  bool probability, classes, bands;
};

class Table {
 public:
  explicit Table(const Columns& columns) : columns_(columns) {
    text_ = "chart,curve,x,y";
    if (columns.probability) text_ += ",probability";
    if (columns.classes) text_ += ",class,confidence";
    if (columns.bands) text_ += ",x_high";
    text_ += '\n';
  }

  struct Row {
    std::string chart, curve, x, y, probability = {}, index = {}, confidence = {}, x_high = {};
  };

  void add(const Row& row) {
    text_ += csv_field(row.chart) + "," + csv_field(row.curve) + "," + row.x + "," + row.y;
    if (columns_.probability) text_ += "," + row.probability;
    if (columns_.classes) text_ += "," + row.index + "," + row.confidence;
    if (columns_.bands) text_ += "," + row.x_high;
    text_ += '\n';
  }

  const std::string& text() const { return text_; }

 private:
  Columns columns_;
  std::string text_;
};

template <class Cells, class Add>
void for_each_cell(const Cells& cells, Add add) {
  const double width = (cells.x_high - cells.x_low) / cells.columns,
               height = (cells.y_high - cells.y_low) / cells.rows;
  std::size_t i = 0;
  for (int r = 0; r < cells.rows; ++r)
    for (int c = 0; c < cells.columns; ++c, ++i)
      add(i, number(cells.x_low + (c + 0.5) * width), number(cells.y_low + (r + 0.5) * height));
}

}  // namespace

std::string charts_table(const std::vector<Chart>& charts) {
  const auto any = [&](auto has) { return std::any_of(charts.begin(), charts.end(), has); };
  Table table({any([](const Chart& chart) { return chart.regions.rows != 0; }),
               any([](const Chart& chart) { return chart.class_regions.rows != 0; }),
               any([](const Chart& chart) { return !chart.bands.empty(); })});
  for (const Chart& chart : charts) {
    for (const Curve& curve : chart.curves)
      for (std::size_t i = 0; i < curve.x.size(); ++i)
        table.add({chart.title, curve.name, number(curve.x[i]), number(curve.y[i])});
    for_each_cell(chart.regions, [&](std::size_t i, const std::string& x, const std::string& y) {
      table.add(
          {chart.title, "regions", x, y, number(static_cast<double>(chart.regions.values[i]))});
    });
    const ClassField& classes = chart.class_regions;
    for_each_cell(classes, [&](std::size_t i, const std::string& x, const std::string& y) {
      table.add({.chart = chart.title,
                 .curve = "class regions",
                 .x = x,
                 .y = y,
                 .index = std::to_string(classes.classes[i]),
                 .confidence = number(static_cast<double>(classes.confidence[i]))});
    });
    for (const Band& band : chart.bands)
      table.add({.chart = chart.title,
                 .curve = "band",
                 .x = number(band.low),
                 .y = {},
                 .x_high = number(band.high)});
  }
  return table.text();
}

}  // namespace weft::figures
