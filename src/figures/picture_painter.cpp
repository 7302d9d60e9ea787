#include "src/figures/picture_painter.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "src/figures/axis.h"

namespace weft::figures {

namespace {

constexpr int kBarSteps = 64;

Gradient gradient_of(Palette palette) {
  if (palette == Palette::grey) return {{0, kWhite}, {1, "#111827"}};
  return {{0, "#1d4ed8"}, {0.25, "#8fb0f5"}, {0.5, kWhite}, {0.75, "#f19c9c"}, {1, "#c81e1e"}};
}

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

// "using (x):(y)" for a matrix that fills a box.
std::string places(const Box& box, int columns, int rows) {
  return "using (" + number(box.left) + "+($1+0.5)*" + number(box.width() / columns) + "):(" +
         number(box.top) + "+($2+0.5)*" + number(box.height() / rows) + ")";
}

// The rows of a matrix. An image needs two rows and two columns: a single one is written twice.
std::vector<std::string> values(const Picture& picture) {
  std::vector<std::string> rows;
  auto value = picture.pixels.begin();
  for (int r = 0; r < picture.rows; ++r) {
    std::string row;
    for (int c = 0; c < picture.columns; ++c, ++value) {
      char digits[32] = "NaN";
      if (std::isfinite(*value))
        std::snprintf(digits, sizeof digits, "%.5g", static_cast<double>(*value));
      row += (c == 0 ? "" : " ") + std::string(digits);
    }
    if (picture.columns == 1) row += " " + row;
    rows.insert(rows.end(), picture.rows == 1 ? 2 : 1, row);
  }
  return rows;
}

// "x y red green blue" for each pixel: gnuplot is slow at computing any of them.
std::vector<std::string> coloured_pixels(const Picture& picture, const Box& box) {
  const int down = picture.rows == 1 ? 2 : 1, across = picture.columns == 1 ? 2 : 1;
  const int rows = down * picture.rows, columns = across * picture.columns;
  const auto middle = [](double begin, double size, int count, int i) {
    return number(std::round(100 * (begin + (i + 0.5) * size / count)) / 100) + " ";
  };
  std::vector<std::string> xs, lines;
  for (int c = 0; c < columns; ++c) xs.push_back(middle(box.left, box.width(), columns, c));
  for (int r = 0; r < rows; ++r) {
    const std::string y = middle(box.top, box.height(), rows, r);
    for (int c = 0; c < columns; ++c) {
      const int pixel = r / down * picture.columns + c / across;
      const float* rgb = picture.pixels.data() + 3 * static_cast<std::ptrdiff_t>(pixel);
      const auto byte = [&](int i) { return std::to_string(byte_of(static_cast<double>(rgb[i]))); };
      lines.push_back(xs[static_cast<std::size_t>(c)] + y + byte(0) + " " + byte(1) + " " +
                      byte(2));
    }
  }
  return lines;
}

}  // namespace

PicturePainter::PicturePainter(Script& script, Palette palette, double caption_font)
    : script_(script), gradient_(gradient_of(palette)), caption_font_(caption_font) {
  script_.line(palette_command(gradient_));
}

void PicturePainter::group(const PictureGroup& group, const PlacedGroup& placed,
                           const Scale& scale) {
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

void PicturePainter::bar(const Box& box, const Scale& scale) {
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
  // As many ticks as there is room for, but not zero alone.
  Axis axis;
  for (int most = std::clamp(static_cast<int>(box.height() / 34), 2, 8);
       axis.ticks.size() < 3 && most <= 16; most += 2)
    axis = make_axis({}, {.low = scale.low, .high = scale.high, .most_ticks = most});
  for (const Tick& tick : axis.ticks) {
    const double y = box.bottom - axis.share_of(tick.at) * box.height();
    script_.segment(box.right, y, box.right + 5, y, "lc rgb '#9ca3af' lw 0.8");
    script_.label(box.right + 10, y, "'" + tick.label + "'", "left", front(kMuted, kSmallFont));
  }
}

void PicturePainter::plot() {
  if (plots_.empty()) plots_.push_back("NaN notitle");
  script_.line(joined("plot", plots_));
}

void PicturePainter::pixels(const Picture& picture, const Box& box, const Scale& scale) {
  const std::string name = "picture" + std::to_string(plots_.size() + 1);
  script_.data(name, picture.channels == 3 ? coloured_pixels(picture, box) : values(picture));
  plots_.push_back("$" + name +
                   (picture.channels == 3
                        ? std::string(" using 1:2:3:4:5 with rgbimage notitle")
                        : " matrix " +
                              places(box, std::max(2, picture.columns), std::max(2, picture.rows)) +
                              ":(($3-(" + number(scale.low) + "))/" +
                              number(scale.high - scale.low) + ") with image notitle"));
}

void PicturePainter::numbers(const Picture& picture, const Box& box, const Scale& scale) {
  const double width = box.width() / picture.columns, height = box.height() / picture.rows;
  double widest = 0;
  for (const float value : picture.pixels)
    widest = std::max(widest, text_width(short_number(static_cast<double>(value)), kFont));
  const double points = std::min(0.4 * height, fitting(kFont, widest, 0.88 * width, 5));
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

void PicturePainter::caption(const std::string& caption, double x, double y) {
  for (std::size_t begin = 0; begin < caption.size(); y += kCaptionLine) {
    const std::size_t end = std::min(caption.find('\n', begin), caption.size());
    script_.label(x, y, text(caption.substr(begin, end - begin)), "center",
                  front(begin == 0 ? kText : kMuted, caption_font_));
    begin = end + 1;
  }
}

}  // namespace weft::figures
