#include <algorithm>
#include <cmath>

#include "src/figures/script.h"
#include "weft/error.h"

namespace weft {

namespace {

using namespace figures;

// In pixels: around the matrix, and the bars to its right, one for each true class.
constexpr double kTop = 104, kBottom = 92, kAxisName = 76, kGap = 14, kRight = 36 + 130 + 104;
constexpr double kBarGap = 36, kBarWidth = 130;
constexpr double kLeastFont = 11.5;  // of names that stand level; longer ones are turned
constexpr double kTurn = 35 * 3.14159265 / 180;

// The matrix, and how the names of its columns are written.
struct Layout {
  Box matrix;
  double cell_width, cell_height, name_font;
  bool turned;
};

Layout lay_out(const std::vector<std::string>& classes) {
  double widest = 0;
  for (const std::string& name : classes) widest = std::max(widest, text_width(name, kFont));
  const auto count = static_cast<double>(classes.size());
  Layout layout{
      {std::max(150.0, kAxisName + widest + kGap), kTop, kWidth - kRight, 0}, 0, 0, 0, false};
  layout.cell_width = layout.matrix.width() / count;
  layout.name_font = fitting(kFont, widest, layout.cell_width - 8);
  layout.turned = layout.name_font < kLeastFont;
  if (layout.turned) layout.name_font = kFont - 1;
  layout.matrix.bottom = kHeight - kBottom - (layout.turned ? widest * std::sin(kTurn) : 0);
  layout.cell_height = layout.matrix.height() / count;
  return layout;
}

std::string percent(double share) {
  const auto tenths = static_cast<std::int64_t>(share * 1000 + 0.5);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " %";
}

struct Counts {
  std::size_t classes;
  const std::vector<std::int64_t>& values;
  std::int64_t at(std::size_t truth, std::size_t said) const {
    return values[truth * classes + said];
  }
  std::int64_t of(std::size_t truth) const {
    std::int64_t sum = 0;
    for (std::size_t said = 0; said < classes; ++said) sum += at(truth, said);
    return sum;
  }
  double right(std::size_t truth) const {
    return of(truth) == 0 ? 0
                          : static_cast<double>(at(truth, truth)) / static_cast<double>(of(truth));
  }
  std::int64_t most_mistaken() const {
    std::int64_t most = 1;
    for (std::size_t t = 0; t < classes; ++t)
      for (std::size_t s = 0; s < classes; ++s)
        if (t != s) most = std::max(most, at(t, s));
    return most;
  }
};

// Right answers by their share of the row, above 0 (blue); mistakes by their count beside the most
// frequent one, below 0 (red): on one scale they would be invisible.
std::vector<std::string> shades(const Counts& counts) {
  const auto most = static_cast<double>(counts.most_mistaken());
  std::vector<std::string> rows;
  for (std::size_t t = 0; t < counts.classes; ++t) {
    std::string row;
    for (std::size_t s = 0; s < counts.classes; ++s)
      row += (s == 0 ? "" : " ") +
             number(t == s ? counts.right(t) : -static_cast<double>(counts.at(t, s)) / most);
    rows.push_back(row);
  }
  return rows;
}

}  // namespace

SavedFigure save_confusion_matrix(const FigureFile& file, const std::vector<std::string>& classes,
                                  const std::vector<std::int64_t>& counts) {
  const std::size_t n = classes.size();
  if (n == 0 || counts.size() != n * n)
    throw ShapeError("save_confusion_matrix: expected " + std::to_string(n) + " x " +
                     std::to_string(n) + " counts for at least one class, got " +
                     std::to_string(counts.size()));
  const Counts matrix{n, counts};
  Script script(file);
  script.pixel_coordinates();
  script.line(
      palette_command({{-1, between(kWhite, kColours[1], 0.7)}, {0, kWhite}, {1, kColours[0]}}));
  script.data("shades", shades(matrix));

  const Layout layout = lay_out(classes);
  const Box& box = layout.matrix;
  const double width = layout.cell_width, height = layout.cell_height;
  const double bars = box.right + kBarGap;
  const double count_font = std::min(kFont, 0.55 * height);
  std::string csv = "true,predicted,count\n";
  for (std::size_t t = 0; t < n; ++t) {
    const double x = box.left + (static_cast<double>(t) + 0.5) * width,
                 y = box.top + (static_cast<double>(t) + 0.5) * height;
    script.label(box.left - kGap, y, text(classes[t]), "right", front(kText));
    if (layout.turned)
      script.label(x + 6, box.bottom + 12, text(classes[t]), "right",
                   "rotate by 35 " + front(kText, layout.name_font));
    else
      script.label(x, box.bottom + 20, text(classes[t]), "center", front(kText, layout.name_font));
    for (std::size_t s = 0; s < n; ++s) {
      const std::int64_t count = matrix.at(t, s);
      const char* colour = count == 0                        ? "#c4c9d1"
                           : t == s && matrix.right(t) > 0.5 ? kWhite
                                                             : kText;
      script.label(box.left + (static_cast<double>(s) + 0.5) * width, y,
                   text(std::to_string(count)), "center", front(colour, count_font));
      csv +=
          csv_field(classes[t]) + "," + csv_field(classes[s]) + "," + std::to_string(count) + "\n";
    }
    const auto bar = [&](double share, const char* colour) {
      script.rectangle({bars, y - height / 4, bars + share * kBarWidth, y + height / 4},
                       "behind fc rgb '" + std::string(colour) + "' fs solid noborder");
    };
    bar(1, kGrid);
    if (matrix.right(t) > 0) bar(matrix.right(t), kColours[0]);
    script.label(bars + kBarWidth + 10, y, text(percent(matrix.right(t))), "left", front(kText));
  }
  script.rectangle(box, "front fs empty border rgb '#9ca3af' lw 1");
  script.label((box.left + box.right) / 2, kHeight - 36, text("predicted class"), "center",
               front(kMuted));
  script.label(46, (box.top + box.bottom) / 2, text("true class"), "center",
               "rotate by 90 " + front(kMuted));
  script.label(bars, box.bottom + 20, text("share found"), "left", front(kMuted));
  script.line("plot $shades matrix using (" + number(box.left) + "+($1+0.5)*" + number(width) +
              "):(" + number(box.top) + "+($2+0.5)*" + number(height) + "):3 with image notitle");
  return figures::save(file, script, [&] { return csv; });
}

}  // namespace weft
