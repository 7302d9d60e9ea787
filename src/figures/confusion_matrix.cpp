#include <algorithm>

#include "src/figures/script.h"
#include "weft/error.h"

namespace weft {

namespace {

using namespace figures;

// In pixels: the matrix, and to its right a bar for each true class.
constexpr double kLeft = 150, kTop = 104, kBottom = 92, kMatrixWidth = 860;
constexpr double kBarLeft = kLeft + kMatrixWidth + 36, kBarWidth = 130;

std::string coloured(const char* colour) { return std::string("front tc rgb '") + colour + "'"; }

std::string rectangle(double x0, double y0, double x1, double y1, const std::string& style) {
  return "set object rectangle from " + number(x0) + "," + number(y0) + " to " + number(x1) + "," +
         number(y1) + " " + style;
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
  script.line("set palette defined (-1 '#f87171', 0 '#ffffff', 1 '#1d4ed8'); set cbrange [-1:1]");
  script.line("unset colorbox");
  script.data("shades", shades(matrix));

  const double width = kMatrixWidth / static_cast<double>(n);
  const double height = (kHeight - kTop - kBottom) / static_cast<double>(n);
  const std::string font = " font ',15'";
  std::string csv = "true,predicted,count\n";
  for (std::size_t t = 0; t < n; ++t) {
    const double y = kTop + (static_cast<double>(t) + 0.5) * height;
    script.label(kLeft - 14, y, text(classes[t]), "right", coloured(kText));
    script.label(kLeft + (static_cast<double>(t) + 0.5) * width, kHeight - kBottom + 20,
                 text(classes[t]), "center", coloured(kText));
    for (std::size_t s = 0; s < n; ++s) {
      const std::int64_t count = matrix.at(t, s);
      const char* colour = count == 0                        ? "#c4c9d1"
                           : t == s && matrix.right(t) > 0.5 ? "#ffffff"
                                                             : kText;
      script.label(kLeft + (static_cast<double>(s) + 0.5) * width, y, text(std::to_string(count)),
                   "center", coloured(colour) + font);
      csv +=
          csv_field(classes[t]) + "," + csv_field(classes[s]) + "," + std::to_string(count) + "\n";
    }
    script.line(rectangle(kBarLeft, y - height / 4, kBarLeft + kBarWidth, y + height / 4,
                          "behind fc rgb '" + std::string(kGrid) + "' fs solid noborder"));
    script.line(rectangle(kBarLeft, y - height / 4, kBarLeft + kBarWidth * matrix.right(t),
                          y + height / 4,
                          "behind fc rgb '" + std::string(kColours[0]) + "' fs solid noborder"));
    script.label(kBarLeft + kBarWidth + 10, y, text(percent(matrix.right(t))), "left",
                 coloured(kText));
  }
  script.line(rectangle(kLeft, kTop, kLeft + kMatrixWidth, kHeight - kBottom,
                        "front fs empty border rgb '#9ca3af' lw 1"));
  script.label(kLeft + kMatrixWidth / 2, kHeight - kBottom + 56, text("predicted class"), "center",
               coloured(kMuted));
  script.label(46, kTop + (kHeight - kTop - kBottom) / 2, text("true class"), "center",
               "rotate by 90 " + coloured(kMuted));
  script.label(kBarLeft, kHeight - kBottom + 20, text("share found"), "left", coloured(kMuted));
  script.line("plot $shades matrix using (" + number(kLeft) + "+($1+0.5)*" + number(width) + "):(" +
              number(kTop) + "+($2+0.5)*" + number(height) + "):3 with image notitle");
  return figures::save(file, script, csv);
}

}  // namespace weft
