#include <string>

#include "src/figures/chart_layout.h"
#include "src/figures/chart_parts.h"
#include "weft/error.h"

namespace weft {

namespace {

using namespace figures;

void draw_panel(Script& script, const Panel& panel, std::size_t place, double width) {
  const Chart& chart = *panel.chart;
  const Box& plot = panel.plot;
  script.margins(plot);
  script.line("set xlabel " + text(chart.x_label) + " tc rgb '" + kText + "'");
  // gnuplot would put it where it supposes the ends of the ticks' labels.
  script.label(plot.left - kTickGap - panel.y.label_width(kFont) - 18, (plot.top + plot.bottom) / 2,
               text(chart.y_label), "center", "rotate by 90 " + front(kText));
  script.line(axis_commands("x", panel.x)).line(axis_commands("y", panel.y));
  if (panel.key_box)
    draw_key_box(script, panel.key, *panel.key_box);
  else
    draw_key_lines(script, panel.key, plot.left, plot.bottom + kPanelBottom, width);
  const double size =
      fitting(kFont, 1.06 * text_width(chart.title, kFont), width + kPanelRight - 8) / kFont;
  if (!chart.title.empty())
    script.label(plot.left, plot.top - 18, bold(chart.title, size), "left", front(kText));
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
  const ChartLayout layout = lay_out_charts(charts, static_cast<std::size_t>(charts_per_row));
  Script script(file, static_cast<int>(layout.height));
  for (std::size_t c = 0; c < charts.size(); ++c)
    add_chart_data(script, charts[c], c, layout.panels[c].y);
  script.line("set border 3 back lc rgb '" + std::string(kText) + "' lw 1; unset key");
  script.line("set tics nomirror out scale 0.6,0.35 textcolor rgb '" + std::string(kMuted) + "'");
  script.line("set grid xtics ytics lt 1 lw 0.8 lc rgb '" + std::string(kGrid) + "'");
  draw_key_lines(script, layout.key, 40, kKeyTop, kWidth - 80);
  script.line("set multiplot");
  for (std::size_t c = 0; c < charts.size(); ++c)
    draw_panel(script, layout.panels[c], c, layout.plot_width());
  script.line("unset multiplot");
  return save(file, script, [&] { return charts_table(charts); });
}

}  // namespace weft
