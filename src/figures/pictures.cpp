#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iterator>

#include "src/figures/axis.h"
#include "src/figures/picture_layout.h"
#include "src/figures/script.h"
#include "weft/error.h"

namespace weft {

namespace {

using namespace figures;

constexpr int kMostNumbers = 32;  // rows or columns of a picture with numbers
constexpr int kBarSteps = 64;

// The values that have the first and the last colour of the palette.
struct Scale {
  double low, high;
  double share_of(double value) const { return (value - low) / (high - low); }
};

Gradient gradient_of(Palette palette) {
  if (palette == Palette::grey) return {{0, kWhite}, {1, "#111827"}};
  return {{0, "#1d4ed8"}, {0.25, "#8fb0f5"}, {0.5, kWhite}, {0.75, "#f19c9c"}, {1, "#c81e1e"}};
}

// The scale that a group's values span, or all groups' that have none of their own.
class Range {
 public:
  void add(const PictureGroup& group) {
    for (const Picture& picture : group.pictures)
      for (const float pixel : picture.channels == 1 ? picture.pixels : std::vector<float>()) {
        if (!std::isfinite(pixel)) continue;
        low_ = empty_ ? pixel : std::min(low_, pixel);
        high_ = empty_ ? pixel : std::max(high_, pixel);
        empty_ = false;
      }
  }
  bool empty() const { return empty_; }

  Scale symmetric() const {
    const double limit = static_cast<double>(std::max(std::abs(low_), std::abs(high_)));
    return limit == 0 ? Scale{-1, 1} : Scale{-limit, limit};
  }
  Scale from_low_to_high() const {
    if (low_ < high_) return {static_cast<double>(low_), static_cast<double>(high_)};
    return {static_cast<double>(low_) - 0.5, static_cast<double>(low_) + 0.5};
  }

 private:
  bool empty_ = true;
  float low_ = 0, high_ = 0;
};

std::string short_number(double value) {
  const double size = std::abs(value);
  char digits[40];
  std::snprintf(digits, sizeof digits, "%.*f", size < 9.995 ? 2 : size < 99.95 ? 1 : 0, size);
  std::string result = digits;
  if (result.find('.') != std::string::npos) {
    result.erase(result.find_last_not_of('0') + 1);
    if (result.back() == '.') result.pop_back();
  }
  return value < 0 && result != "0" ? "−" + result : result;
}

class Painter {
 public:
  Painter(Script& script, Palette palette, double caption_font)
      : script_(script), gradient_(gradient_of(palette)), caption_font_(caption_font) {
    script_.line(palette_command(gradient_));
  }

  void group(const PictureGroup& group, const PlacedGroup& placed, const Scale& scale) {
    double y = placed.top + kGroupTitleLine / 2;
    for (const std::string& line : placed.title) {
      script_.label(placed.left, y, bold(line, 1), "left", front(kText));
      y += kGroupTitleLine;
    }
    if (group.pictures.empty())
      script_.label(placed.left, placed.area.top + 20, text("none"), "left", front(kMuted));
    for (std::size_t i = 0; i < group.pictures.size(); ++i) {
      const Picture& picture = group.pictures[i];
      pixels(picture, placed.pictures[i], scale);
      if (picture.numbers) numbers(picture, placed.pictures[i], scale);
      const Box& box = placed.pictures[i];
      script_.rectangle(box, "front fs empty border rgb '#d1d5db' lw 0.8");
      caption(picture.caption, (box.left + box.right) / 2, placed.captions[i] + kCaptionLine / 2);
    }
  }

  void bar(const Box& box, const Scale& scale) {
    if (!has_bar_) {
      std::vector<std::string> rows;
      for (int i = 0; i < kBarSteps; ++i) {
        const std::string value = number(1 - (i + 0.5) / kBarSteps);
        rows.push_back(value + " " + value);  // an image needs two columns
      }
      script_.data("bar", rows);
      has_bar_ = true;
    }
    plots_.push_back("$bar matrix " + places(box, 2, kBarSteps) + ":3 with image notitle");
    script_.rectangle(box, "front fs empty border rgb '#9ca3af' lw 0.8");
    const Axis axis =
        make_axis({}, {.low = scale.low,
                       .high = scale.high,
                       .most_ticks = std::clamp(static_cast<int>(box.height() / 34), 2, 8)});
    for (const Tick& tick : axis.ticks) {
      const double y = box.bottom - axis.share_of(tick.at) * box.height();
      script_.segment(box.right, y, box.right + 5, y, "lc rgb '#9ca3af' lw 0.8");
      script_.label(box.right + 10, y, "'" + tick.label + "'", "left", front(kMuted, kSmallFont));
    }
  }

  /// Everything in one plot command.
  void plot() {
    if (plots_.empty()) plots_.push_back("NaN notitle");
    script_.line(joined("plot", plots_));
  }

 private:
  // "using (x):(y)" for a matrix that fills a box.
  static std::string places(const Box& box, int columns, int rows) {
    return "using (" + number(box.left) + "+($1+0.5)*" + number(box.width() / columns) + "):(" +
           number(box.top) + "+($2+0.5)*" + number(box.height() / rows) + ")";
  }

  // A pixel as the block holds it: its value, or red, green and blue in one number.
  static std::string written(const Picture& picture, std::size_t pixel) {
    const float* values = picture.pixels.data();
    if (picture.channels == 1) {
      char digits[32];
      std::snprintf(digits, sizeof digits, "%.5g", static_cast<double>(values[pixel]));
      return std::isfinite(values[pixel]) ? digits : "NaN";
    }
    const std::string colour = colour_of(static_cast<double>(values[3 * pixel]),
                                         static_cast<double>(values[3 * pixel + 1]),
                                         static_cast<double>(values[3 * pixel + 2]));
    return std::to_string(std::stoi(colour.substr(1), nullptr, 16));
  }

  void pixels(const Picture& picture, const Box& box, const Scale& scale) {
    // An image needs two rows and two columns: a single one is written twice.
    const int down = picture.rows == 1 ? 2 : 1, across = picture.columns == 1 ? 2 : 1;
    std::vector<std::string> rows;
    for (int r = 0; r < picture.rows; ++r) {
      std::string row;
      for (int c = 0; c < picture.columns; ++c)
        for (int again = 0; again < across; ++again)
          row += (row.empty() ? "" : " ") +
                 written(picture, static_cast<std::size_t>(r * picture.columns + c));
      rows.insert(rows.end(), static_cast<std::size_t>(down), row);
    }
    const std::string name = "picture" + std::to_string(plots_.size() + 1);
    script_.data(name, rows);
    const std::string begin =
        "$" + name + " matrix " + places(box, across * picture.columns, down * picture.rows);
    plots_.push_back(picture.channels == 3
                         ? begin +
                               ":(int($3)>>16):(int($3)>>8&255):(int($3)&255) with rgbimage notitle"
                         : begin + ":(($3-(" + number(scale.low) + "))/" +
                               number(scale.high - scale.low) + ") with image notitle");
  }

  void numbers(const Picture& picture, const Box& box, const Scale& scale) {
    const double width = box.width() / picture.columns, height = box.height() / picture.rows;
    double widest = 0;
    for (const float value : picture.pixels)
      widest = std::max(widest, text_width(short_number(static_cast<double>(value)), kFont));
    const double points = fitting(std::min(kFont, 0.4 * height),
                                  widest * std::min(1.0, 0.4 * height / kFont), 0.88 * width, 5);
    for (int r = 0; r < picture.rows; ++r)
      for (int c = 0; c < picture.columns; ++c) {
        const auto value =
            static_cast<double>(picture.pixels[static_cast<std::size_t>(r * picture.columns + c)]);
        if (!std::isfinite(value)) continue;
        const bool dark = is_dark(colour_at(gradient_, scale.share_of(value)));
        script_.label(box.left + (c + 0.5) * width, box.top + (r + 0.5) * height,
                      text(short_number(value)), "center", front(dark ? kWhite : kText, points));
      }
  }

  void caption(const std::string& caption, double x, double y) {
    for (std::size_t begin = 0; begin < caption.size(); y += kCaptionLine) {
      const std::size_t end = std::min(caption.find('\n', begin), caption.size());
      script_.label(x, y, text(caption.substr(begin, end - begin)), "center",
                    front(begin == 0 ? kText : kMuted, caption_font_));
      begin = end + 1;
    }
  }

  Script& script_;
  const Gradient gradient_;
  const double caption_font_;
  bool has_bar_ = false;
  std::vector<std::string> plots_;
};

std::string table(const std::vector<PictureGroup>& groups) {
  bool colours = false;
  for (const PictureGroup& group : groups)
    for (const Picture& picture : group.pictures) colours = colours || picture.channels == 3;
  std::string csv =
      std::string("group,picture,caption,row,column,value") + (colours ? ",green,blue\n" : "\n");
  for (const PictureGroup& group : groups)
    for (std::size_t i = 0; i < group.pictures.size(); ++i) {
      const Picture& picture = group.pictures[i];
      const std::string begin = csv_field(group.title) + "," + std::to_string(i + 1) + "," +
                                csv_field(picture.caption) + ",";
      auto value = picture.pixels.begin();
      for (int r = 0; r < picture.rows; ++r)
        for (int c = 0; c < picture.columns; ++c) {
          csv += begin + std::to_string(r + 1) + "," + std::to_string(c + 1);
          for (int channel = 0; channel < (colours ? 3 : 1); ++channel)
            csv += "," + (channel < picture.channels ? number(static_cast<double>(*value++))
                                                     : std::string());
          csv += "\n";
        }
    }
  return csv;
}

void check_picture(const Picture& picture) {
  const std::string size = std::to_string(picture.rows) + " x " + std::to_string(picture.columns);
  if (picture.channels != 1 && picture.channels != 3)
    throw ShapeError("save_pictures: expected 1 or 3 channels, got " +
                     std::to_string(picture.channels));
  if (picture.rows < 1 || picture.columns < 1 ||
      picture.pixels.size() != static_cast<std::size_t>(picture.rows) *
                                   static_cast<std::size_t>(picture.columns) *
                                   static_cast<std::size_t>(picture.channels))
    throw ShapeError("save_pictures: expected " + size +
                     (picture.channels == 3 ? " x 3 values" : " pixels") + ", got " +
                     std::to_string(picture.pixels.size()));
  if (picture.numbers &&
      (picture.channels != 1 || picture.rows > kMostNumbers || picture.columns > kMostNumbers))
    throw ShapeError("save_pictures: expected numbers in a picture in one channel of at most " +
                     std::to_string(kMostNumbers) + " x " + std::to_string(kMostNumbers) +
                     " pixels, got " + size + " in " + std::to_string(picture.channels));
}

}  // namespace

SavedFigure save_pictures(const FigureFile& file, const std::vector<PictureGroup>& groups,
                          Palette palette, bool side_by_side) {
  if (groups.empty()) throw ShapeError("save_pictures: expected at least one group, got none");
  Range shared;
  for (const PictureGroup& group : groups) {
    if (group.pictures_per_row < 1)
      throw ShapeError("save_pictures: expected at least one picture per row, got " +
                       std::to_string(group.pictures_per_row));
    for (const Picture& picture : group.pictures) check_picture(picture);
    if (!group.own_scale) shared.add(group);
  }
  const bool grey = palette == Palette::grey;
  const bool shared_bar = !grey && !shared.empty();
  const Scale shared_scale = grey ? Scale{0, 1} : shared.symmetric();
  const PictureLayout layout = lay_out_pictures(groups, side_by_side, shared_bar);
  Script script(file, layout.height);
  script.pixel_coordinates();
  Painter painter(script, palette, layout.caption_font);
  for (std::size_t g = 0; g < groups.size(); ++g) {
    Range own;
    if (groups[g].own_scale) own.add(groups[g]);
    const Scale scale = own.empty() ? shared_scale
                        : grey      ? own.from_low_to_high()
                                    : own.symmetric();
    painter.group(groups[g], layout.groups[g], scale);
    if (!own.empty()) painter.bar(bar_of(layout.groups[g]), scale);
  }
  if (shared_bar) painter.bar(layout.shared_bar, shared_scale);
  painter.plot();
  return figures::save(file, script, table(groups));
}

}  // namespace weft
