#include <algorithm>
#include <cmath>

#include "src/figures/script.h"
#include "weft/error.h"

namespace weft {

namespace {

using namespace figures;

// All in pixels of the figure.
constexpr double kTop = 100, kMargin = 40, kColourBar = 110;
constexpr double kGroupTitle = 38, kGroupGap = 44, kGap = 14, kCaptionLine = 23;
constexpr double kCaptionWidth = 150;  // what a caption of some twenty letters takes
constexpr double kTallest = 980, kLargestPicture = 200;

int lines_of(const std::string& caption) {
  return caption.empty() ? 0
                         : 1 + static_cast<int>(std::count(caption.begin(), caption.end(), '\n'));
}

int rows_of(const PictureGroup& group) {
  const int count = static_cast<int>(group.pictures.size());
  return std::max(1, (count + group.pictures_per_row - 1) / group.pictures_per_row);
}

// Sizes that hold for every picture of the figure.
struct Layout {
  double cell = 0;     // width of a cell, with the gap to the next
  double picture = 0;  // width and height of the longer side of a picture
  double row = 0;      // height of a picture with its caption and gap
  double title = 0;    // height of a group's title
  int height = 0;
};

Layout lay_out(const std::vector<PictureGroup>& groups, bool side_by_side, bool colour_bar) {
  int columns = 0, rows = 0, caption_lines = 0;
  Layout layout;
  for (const PictureGroup& group : groups) {
    columns =
        side_by_side ? columns + group.pictures_per_row : std::max(columns, group.pictures_per_row);
    rows = side_by_side ? std::max(rows, rows_of(group)) : rows + rows_of(group);
    if (!group.title.empty()) layout.title = kGroupTitle;
    for (const Picture& picture : group.pictures)
      caption_lines = std::max(caption_lines, lines_of(picture.caption));
  }
  const double count = static_cast<double>(groups.size());
  const double across = kWidth - 2 * kMargin - (colour_bar ? kColourBar : 0) -
                        (side_by_side ? (count - 1) * kGroupGap : 0);
  const double titles =
      side_by_side ? layout.title : count * layout.title + (count - 1) * kGroupGap / 2;
  const double below = kCaptionLine * caption_lines + kGap;
  const double room = (kTallest - kTop - titles - kMargin / 2) / rows - below;
  layout.cell = across / columns;
  layout.picture = std::floor(std::min({layout.cell - kGap, room, kLargestPicture}));
  layout.cell =
      std::min(layout.cell, std::max(layout.picture, caption_lines > 0 ? kCaptionWidth : 0) + kGap);
  layout.row = layout.picture + below;
  layout.height = static_cast<int>(kTop + titles + rows * layout.row + kMargin / 2);
  layout.height += layout.height % 2;
  return layout;
}

class Painter {
 public:
  Painter(Script& script, const Layout& layout) : script_(script), layout_(layout) {}

  void group(const PictureGroup& group, double x, double y) {
    if (layout_.title > 0)
      script_.label(x, y + kGroupTitle / 2 - 6, bold(group.title, 1), "left",
                    "front tc rgb '" + std::string(kText) + "'");
    y += layout_.title;
    if (group.pictures.empty())
      script_.label(x, y + layout_.picture / 2, text("none"), "left",
                    "front tc rgb '" + std::string(kMuted) + "'");
    for (std::size_t i = 0; i < group.pictures.size(); ++i) {
      const auto per_row = static_cast<std::size_t>(group.pictures_per_row);
      picture(group.pictures[i], x + static_cast<double>(i % per_row) * layout_.cell,
              y + static_cast<double>(i / per_row) * layout_.row);
    }
  }

  /// Every picture in one plot command: one palette, one colour bar.
  void plot() {
    if (plots_.empty()) plots_.push_back("NaN notitle");
    std::string command = "plot ";
    for (std::size_t i = 0; i < plots_.size(); ++i)
      command += (i == 0 ? "" : ", \\\n  ") + plots_[i];
    script_.line(command);
  }

 private:
  void picture(const Picture& picture, double x, double y) {
    const double scale = layout_.picture / std::max(picture.rows, picture.columns);
    const double width = scale * picture.columns, height = scale * picture.rows;
    x += (layout_.cell - kGap - width) / 2;
    const std::string name = "picture" + std::to_string(plots_.size() + 1);
    std::vector<std::string> rows;
    for (int r = 0; r < picture.rows; ++r) {
      std::string row;
      for (int c = 0; c < picture.columns; ++c) {
        const double pixel = picture.pixels[static_cast<std::size_t>(r * picture.columns + c)];
        row += (c == 0 ? "" : " ") + number(std::round(pixel * 1e6) / 1e6);
      }
      rows.push_back(row);
    }
    script_.data(name, rows);
    plots_.push_back("$" + name + " matrix using (" + number(x) + "+($1+0.5)*" + number(scale) +
                     "):(" + number(y) + "+($2+0.5)*" + number(scale) + "):3 with image notitle");
    script_.line("set object rectangle from " + number(x) + "," + number(y) + " to " +
                 number(x + width) + "," + number(y + height) +
                 " front fs empty border rgb '#d1d5db' lw 0.8");
    caption(picture.caption, x + width / 2, y + layout_.picture + kCaptionLine / 2 + 2);
  }

  void caption(const std::string& caption, double x, double y) {
    for (std::size_t begin = 0; begin < caption.size(); y += kCaptionLine) {
      const std::size_t end = std::min(caption.find('\n', begin), caption.size());
      script_.label(x, y, text(caption.substr(begin, end - begin)), "center",
                    "front font ',13' tc rgb '" + std::string(begin == 0 ? kText : kMuted) + "'");
      begin = end + 1;
    }
  }

  Script& script_;
  const Layout& layout_;
  std::vector<std::string> plots_;
};

void set_palette(Script& script, Palette palette, const std::vector<PictureGroup>& groups) {
  if (palette == Palette::grey) {
    script.line(
        "set palette defined (0 '#ffffff', 1 '#111827'); set cbrange [0:1]; unset colorbox");
    return;
  }
  double limit = 0;
  for (const PictureGroup& group : groups)
    for (const Picture& picture : group.pictures)
      for (const float pixel : picture.pixels)
        if (std::isfinite(pixel)) limit = std::max(limit, std::abs(static_cast<double>(pixel)));
  if (limit == 0) limit = 1;
  const double height = script.height();
  script.line(
      "set palette defined (-1 '#1d4ed8', -0.5 '#8fb0f5', 0 '#ffffff', 0.5 '#f19c9c', 1 "
      "'#c81e1e')");
  script.line("set cbrange [" + number(-limit) + ":" + number(limit) + "]");
  script.line("set colorbox vertical user origin screen " +
              number((kWidth - kMargin - 76) / kWidth) + ", screen " + number(kMargin / height) +
              " size screen " + number(20.0 / kWidth) + ", screen " +
              number((height - kTop - kMargin) / height));
  script.line("set cbtics out nomirror scale 0.6 textcolor rgb '" + std::string(kMuted) +
              "' font ',13'");
}

std::string table(const std::vector<PictureGroup>& groups) {
  std::string csv = "group,picture,caption,row,column,value\n";
  for (const PictureGroup& group : groups)
    for (std::size_t i = 0; i < group.pictures.size(); ++i) {
      const Picture& picture = group.pictures[i];
      const std::string begin = csv_field(group.title) + "," + std::to_string(i + 1) + "," +
                                csv_field(picture.caption) + ",";
      for (int r = 0; r < picture.rows; ++r)
        for (int c = 0; c < picture.columns; ++c)
          csv += begin + std::to_string(r + 1) + "," + std::to_string(c + 1) + "," +
                 number(static_cast<double>(
                     picture.pixels[static_cast<std::size_t>(r * picture.columns + c)])) +
                 "\n";
    }
  return csv;
}

}  // namespace

SavedFigure save_pictures(const FigureFile& file, const std::vector<PictureGroup>& groups,
                          Palette palette, bool side_by_side) {
  if (groups.empty()) throw ShapeError("save_pictures: expected at least one group, got none");
  for (const PictureGroup& group : groups) {
    if (group.pictures_per_row < 1)
      throw ShapeError("save_pictures: expected at least one picture per row, got " +
                       std::to_string(group.pictures_per_row));
    for (const Picture& picture : group.pictures)
      if (picture.rows < 1 || picture.columns < 1 ||
          picture.pixels.size() !=
              static_cast<std::size_t>(picture.rows) * static_cast<std::size_t>(picture.columns))
        throw ShapeError("save_pictures: expected " + std::to_string(picture.rows) + " x " +
                         std::to_string(picture.columns) + " pixels, got " +
                         std::to_string(picture.pixels.size()));
  }
  const Layout layout = lay_out(groups, side_by_side, palette == Palette::diverging);
  Script script(file, layout.height);
  script.pixel_coordinates();
  set_palette(script, palette, groups);
  Painter painter(script, layout);
  double x = kMargin, y = kTop;
  for (const PictureGroup& group : groups) {
    painter.group(group, x, y);
    if (side_by_side)
      x += group.pictures_per_row * layout.cell + kGroupGap;
    else
      y += layout.title + rows_of(group) * layout.row + kGroupGap / 2;
  }
  painter.plot();
  return figures::save(file, script, table(groups));
}

}  // namespace weft
