#include <algorithm>
#include <cmath>

#include "src/figures/axis.h"
#include "src/figures/fields.h"
#include "src/figures/key.h"
#include "src/figures/script.h"
#include "weft/error.h"

namespace weft {

namespace {

using namespace figures;

// In pixels: the surface in space, and to its right the view from above with the colour bar.
constexpr double kTop = 104, kBottom = 84, kSpaceWidth = 640;
constexpr double kAboveLeft = 700, kAboveRight = 1160;
constexpr int kMeshLines = 24;

std::string path_name(std::size_t index) { return "path" + std::to_string(index + 1); }

// A path is drawn twice, white and then in its colour, so that it stands out from the surface.
void add_paths(const std::vector<Path>& paths, const char* columns,
               std::vector<std::string>& plots) {
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const std::string data = "$" + path_name(i) + " using " + columns;
    const std::string colour = " lc rgb '" + colour_or(paths[i].colour, i) + "' notitle";
    const std::string first = data + " every ::::0",
                      last = data + " every ::" + std::to_string(paths[i].x.size() - 1);
    plots.push_back(data + " with lines lw 4.5 lc rgb '#ffffff' notitle");
    plots.push_back(data + " with lines lw 2.2" + colour);
    plots.push_back(first + " with points pt 7 ps 1.9 lc rgb '#ffffff' notitle");
    plots.push_back(first + " with points pt 6 ps 1.5 lw 2.2" + colour);
    plots.push_back(last + " with points pt 7 ps 1.9 lc rgb '#ffffff' notitle");
    plots.push_back(last + " with points pt 7 ps 1.4" + colour);
  }
}

std::string table(const Surface& surface, const std::vector<Path>& paths) {
  const Field& z = surface.z;
  std::string csv = "what,x,y,z\n";
  for (int r = 0; r < z.rows; ++r)
    for (int c = 0; c < z.columns; ++c)
      csv += "surface," + number(z.x(c)) + "," + number(z.y(r)) + "," +
             number(static_cast<double>(z.values[static_cast<std::size_t>(r * z.columns + c)])) +
             "\n";
  for (const Path& path : paths)
    for (std::size_t i = 0; i < path.x.size(); ++i)
      csv += csv_field(path.name) + "," + number(path.x[i]) + "," + number(path.y[i]) + "," +
             number(path.z[i]) + "\n";
  return csv;
}

}  // namespace

SavedFigure save_surface(const FigureFile& file, const Surface& surface,
                         const std::vector<Path>& paths) {
  const Field& z = surface.z;
  check_cells("save_surface", z, z.values.size());
  const auto [least, most] = std::minmax_element(z.values.begin(), z.values.end());
  const double low = static_cast<double>(*least), high = static_cast<double>(*most);
  if (!std::isfinite(low) || !std::isfinite(high) || low == high)
    throw ShapeError("save_surface: expected a surface that is finite and not flat, got heights " +
                     number(low) + " to " + number(high));
  for (const Path& path : paths)
    if (path.x.empty() || path.x.size() != path.y.size() || path.x.size() != path.z.size())
      throw ShapeError("save_surface: expected as many x, y and z and at least one, got " +
                       std::to_string(path.x.size()) + ", " + std::to_string(path.y.size()) +
                       " and " + std::to_string(path.z.size()) + " for \"" + path.name + "\"");

  // The key stands above, where it hides nothing.
  std::vector<KeyEntry> key;
  for (std::size_t i = 0; i < paths.size(); ++i)
    if (!paths[i].name.empty()) key.push_back({paths[i].name, colour_or(paths[i].colour, i)});
  const double key_height = kKeyLine * key_lines(key, kWidth - 80);
  const double top = kTop + key_height, total = kHeight + key_height;
  Script script(file, static_cast<int>(total));
  script.data("surface", cell_rows(z, [&](std::size_t i) { return z.values[i]; }));
  for (std::size_t i = 0; i < paths.size(); ++i) {
    std::vector<std::string> rows;
    for (std::size_t k = 0; k < paths[i].x.size(); ++k)
      rows.push_back(number(paths[i].x[k]) + " " + number(paths[i].y[k]) + " " +
                     number(paths[i].z[k]));
    script.data(path_name(i), rows);
  }
  script.contour("surface", "contours", z, "auto 12");
  const double floor = low - 0.6 * (high - low);
  const std::string muted = "textcolor rgb '" + std::string(kMuted) + "'";
  const std::string labels = " tc rgb '" + std::string(kText) + "'";
  script.line("set palette defined (0 '#1e3a8a', 0.25 '#3b82f6', 0.55 '#a5d8f3', 1 '#fff7e0')");
  const auto axis = [](double from, double to, int ticks) {
    return make_axis({}, {.low = from, .high = to, .most_ticks = ticks});
  };
  script.line(axis_commands("x", axis(z.x_low, z.x_high, 6)));
  script.line(axis_commands("y", axis(z.y_low, z.y_high, 6)));
  script.line(axis_commands("z", axis(low, high, 8)));
  script.line(axis_commands("cb", axis(low, high, 10)));
  script.line("set xlabel " + text(surface.x_label) + labels);
  script.line("set ylabel " + text(surface.y_label) + labels);
  draw_key_lines(script, key, 40, kKeyTop, kWidth - 80);
  script.line("set multiplot");

  // In space. pm3d sorts nothing by depth here: that would paint over the paths.
  script.line("set origin 0, 0; set size " + number(kSpaceWidth / kWidth) + ", " +
              number((total - top) / total));
  script.line("set view 58, 328, 1, 1.1; set border 895 lc rgb '#c4c9d1' lw 0.8");
  script.line("set tics nomirror out scale 0.4 " + muted + " font ',12'");
  script.line("set zrange [" + number(floor) + ":" + number(high) + "]; set xyplane at " +
              number(floor));
  script.line("set xlabel offset 0,-0.4; set ylabel offset 0,-0.4");
  script.line("unset colorbox; unset key");
  const auto mesh = [](int cells) { return std::to_string(std::max(1, cells / kMeshLines)); };
  std::vector<std::string> plots{
      "$surface matrix " + cells_using(z) + " with pm3d notitle",
      "$surface matrix every " + mesh(z.columns) + ":" + mesh(z.rows) + " " + cells_using(z) +
          " with lines lw 0.4 lc rgb '#a0ffffff' notitle",
      "$contours using 1:2:(" + number(floor) + "):3 with lines lw 1.2 lc palette notitle"};
  add_paths(paths, "1:2:3", plots);
  script.line(joined("splot", plots));

  // From above.
  script.line("set origin 0, 0; set size 1, 1");
  script.margins({kAboveLeft, top, kAboveRight, total - kBottom});
  script.line("unset label; unset arrow; set border 3 lc rgb '" + std::string(kText) + "' lw 1");
  script.line("set tics nomirror out scale 0.6 " + muted + " font ',15'");
  script.line("set xlabel offset 0,0; set ylabel offset 0,0");
  script.line("set colorbox vertical user origin screen " + number((kAboveRight + 24) / kWidth) +
              ", screen " + number(kBottom / total) + " size screen " + number(18.0 / kWidth) +
              ", screen " + number((total - kBottom - top) / total));
  script.line("set cbtics out nomirror scale 0.6 " + muted + " font ',13'");
  script.label(kAboveRight + 33, top - 16, text(surface.z_label), "center",
               "front tc rgb '" + std::string(kText) + "' font ',13'");
  plots = {"$surface matrix " + cells_using(z) + " with image notitle",
           "$contours using 1:2 with lines lw 0.7 lc rgb '#70ffffff' notitle"};
  add_paths(paths, "1:2", plots);
  script.line(joined("plot", plots));
  script.line("unset multiplot");
  return figures::save(file, script, [&] { return table(surface, paths); });
}

}  // namespace weft
