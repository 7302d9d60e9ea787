#include <algorithm>
#include <cmath>

#include "src/figures/picture_layout.h"
#include "src/figures/picture_painter.h"
#include "src/figures/script.h"
#include "weft/error.h"

namespace weft {

namespace {

using namespace figures;

constexpr int kMostNumbers = 32;  // rows or columns of a picture with numbers

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
  PicturePainter painter(script, palette, layout.caption_font);
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
  return figures::save(file, script, [&] { return table(groups); });
}

}  // namespace weft
