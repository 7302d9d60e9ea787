#include "src/figures/picture_layout.h"

#include <algorithm>
#include <cmath>

namespace weft::figures {

namespace {

// All in pixels of the figure.
constexpr double kTop = 100, kMargin = 40, kBarWidth = 18, kBarGap = 16, kBarLabels = 58;
constexpr double kBar = kBarGap + kBarWidth + kBarLabels;
constexpr double kGroupGap = 44, kGap = 14;
constexpr double kTallest = 980, kLargest = 200, kLargestOfFew = 280, kSmallest = 112;
constexpr double kNumberCell = 44, kLargestWithNumbers = 610;
constexpr double kLeastShare = 0.4;  // of the largest picture's side, for smaller ones
constexpr double kNearlyFull = 0.75;
constexpr double kBoldFont = 1.08 * kFont;

int columns_of(const PictureGroup& group) {
  return std::max(1, std::min(group.pictures_per_row, static_cast<int>(group.pictures.size())));
}

int rows_of(const PictureGroup& group) {
  const int count = static_cast<int>(group.pictures.size()), columns = columns_of(group);
  return std::max(1, (count + columns - 1) / columns);
}

int lines_of(const std::string& caption) {
  return caption.empty() ? 0
                         : 1 + static_cast<int>(std::count(caption.begin(), caption.end(), '\n'));
}

double caption_width(const std::string& caption, double points) {
  double width = 0;
  for (std::size_t begin = 0; begin < caption.size();) {
    const std::size_t end = std::min(caption.find('\n', begin), caption.size());
    width = std::max(width, text_width(caption.substr(begin, end - begin), points));
    begin = end + 1;
  }
  return width;
}

int longest_side(const Picture& picture) { return std::max(picture.rows, picture.columns); }

class Planner {
 public:
  Planner(const std::vector<PictureGroup>& groups, bool side_by_side, bool shared_bar)
      : groups_(groups), side_by_side_(side_by_side) {
    room_ = kWidth - 2 * kMargin - (shared_bar ? kBar : 0);
    choose_size();
    choose_cells();
    place();
    if (shared_bar) {
      const double left = content_right_ + kBarGap;
      layout_.shared_bar = {left, first_picture_, left + kBarWidth,
                            std::max(last_picture_, first_picture_ + 120)};
      layout_.height =
          std::max(layout_.height, static_cast<int>(layout_.shared_bar.bottom + kMargin / 2));
    }
    layout_.height += layout_.height % 2;
  }

  PictureLayout take() { return std::move(layout_); }

 private:
  // The side of the largest picture, and the widest that a cell may be.
  void choose_size() {
    int columns = 0, rows = 0, numbered = 0;
    double bars = 0;
    for (const PictureGroup& group : groups_) {
      columns = side_by_side_ ? columns + columns_of(group) : std::max(columns, columns_of(group));
      rows = side_by_side_ ? std::max(rows, rows_of(group)) : rows + rows_of(group);
      if (group.own_scale) bars = side_by_side_ ? bars + kBar : kBar;
      for (const Picture& picture : group.pictures) {
        caption_lines_ = std::max(caption_lines_, lines_of(picture.caption));
        longest_ = std::max(longest_, longest_side(picture));
        if (picture.numbers) numbered = std::max(numbered, longest_side(picture));
      }
    }
    const double count = static_cast<double>(groups_.size());
    const double across = room_ - bars - (side_by_side_ ? (count - 1) * kGroupGap : 0);
    widest_cell_ = across / columns;
    below_ = kCaptionLine * caption_lines_ + kGap;
    const double wanted = std::max(columns < 5 ? kLargestOfFew : kLargest,
                                   std::min(kNumberCell * numbered, kLargestWithNumbers));
    const double titles = (side_by_side_ ? 1 : count) * (kGroupTitleLine + kGroupGap / 2);
    const double fitting_height = (kTallest - kTop - titles) / rows - below_;
    side_ =
        std::floor(std::min({widest_cell_ - kGap, wanted, std::max(fitting_height, kSmallest)}));
  }

  // A picture's size: pixels are as large in all pictures unless that makes one too small.
  double scale_of(const Picture& picture) const {
    const double share = static_cast<double>(longest_side(picture)) / longest_;
    return side_ * std::max(share, kLeastShare) / longest_side(picture);
  }

  void choose_cells() {
    for (const PictureGroup& group : groups_) {
      double width = kSmallest / 2, caption = 0;
      for (const Picture& picture : group.pictures) {
        width = std::max(width, scale_of(picture) * picture.columns);
        caption = std::max(caption, caption_width(picture.caption, kSmallFont));
      }
      double cell = std::min(widest_cell_, std::max(width, caption) + kGap);
      // Rows that nearly fill the figure fill it.
      if (!side_by_side_ && columns_of(group) * cell > kNearlyFull * room_)
        cell = (room_ - (group.own_scale ? kBar : 0) + kGap) / columns_of(group);
      cells_.push_back(cell);
      layout_.caption_font =
          std::min(layout_.caption_font, fitting(kSmallFont, caption, cells_.back() - 4));
    }
    widths_.resize(groups_.size());
    double spare = room_, missing = 0;
    std::vector<double> wishes;
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      widths_[g] = columns_of(groups_[g]) * cells_[g] - kGap + (groups_[g].own_scale ? kBar : 0);
      wishes.push_back(std::max(0.0, text_width(groups_[g].title, kBoldFont) - widths_[g]));
      missing += wishes.back();
      spare -= widths_[g] + (g == 0 ? 0 : kGroupGap);
    }
    // Titles longer than their pictures share the room that is left, and are broken into lines.
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      const double share = missing <= spare ? 1 : std::max(0.0, spare) / missing;
      if (side_by_side_)
        widths_[g] += wishes[g] * share;
      else
        widths_[g] = room_;
    }
  }

  void place() {
    double x = kMargin, y = kTop, bottom = kTop;
    std::size_t title_lines = 0;
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      layout_.groups.emplace_back();
      if (!groups_[g].title.empty())
        layout_.groups[g].title = wrapped(groups_[g].title, kBoldFont, widths_[g] + 1);
      title_lines = std::max(title_lines, layout_.groups[g].title.size());
    }
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      PlacedGroup& placed = layout_.groups[g];
      const double own_bar = groups_[g].own_scale ? kBar : 0;
      placed.left = x;
      placed.top = y;
      const std::size_t lines = side_by_side_ ? title_lines : placed.title.size();
      const double end =
          place_pictures(g, x, y + kGroupTitleLine * static_cast<double>(lines) + (lines ? 8 : 0));
      if (g == 0) first_picture_ = placed.area.top;
      last_picture_ = std::max(last_picture_, placed.area.bottom);
      bottom = std::max(bottom, end);
      content_right_ =
          std::max(content_right_, side_by_side_ ? x + widths_[g] : placed.area.right + own_bar);
      if (side_by_side_)
        x += widths_[g] + kGroupGap;
      else
        y = end + kGroupGap / 2;
    }
    layout_.height = static_cast<int>(bottom + kMargin / 2);
  }

  // The height of a row: side by side, that of all groups' rows.
  double row_height(std::size_t g, std::size_t row) const {
    double height = 0;
    for (std::size_t other = 0; other < groups_.size(); ++other) {
      if (!side_by_side_ && other != g) continue;
      const auto columns = static_cast<std::size_t>(columns_of(groups_[other]));
      const auto& pictures = groups_[other].pictures;
      for (std::size_t i = row * columns; i < std::min((row + 1) * columns, pictures.size()); ++i)
        height = std::max(height, scale_of(pictures[i]) * pictures[i].rows);
    }
    return height == 0 ? 40 : height;  // 40: the word "none"
  }

  // Returns where the group ends.
  double place_pictures(std::size_t g, double left, double top) {
    const PictureGroup& group = groups_[g];
    PlacedGroup& placed = layout_.groups[g];
    const auto columns = static_cast<std::size_t>(columns_of(group));
    placed.area = {left, top, left + static_cast<double>(columns) * cells_[g] - kGap, top};
    double y = top;
    for (int row = 0; row < rows_of(group); ++row) {
      const double height = row_height(g, static_cast<std::size_t>(row));
      for (std::size_t c = 0; c < columns; ++c) {
        const std::size_t i = static_cast<std::size_t>(row) * columns + c;
        if (i >= group.pictures.size()) break;
        const Picture& picture = group.pictures[i];
        const double scale = scale_of(picture), width = scale * picture.columns;
        const double x = left + static_cast<double>(c) * cells_[g] + (cells_[g] - kGap - width) / 2;
        const double above = y + (height - scale * picture.rows) / 2;
        placed.pictures.push_back({x, above, x + width, above + scale * picture.rows});
        placed.captions.push_back(y + height + 2);
      }
      placed.area.bottom = y + height;
      y += height + below_;
    }
    return y;
  }

  const std::vector<PictureGroup>& groups_;
  const bool side_by_side_;
  PictureLayout layout_;
  double room_ = 0, side_ = 0, widest_cell_ = 0, below_ = 0, first_picture_ = 0, last_picture_ = 0,
         content_right_ = 0;
  int caption_lines_ = 0, longest_ = 1;
  std::vector<double> cells_, widths_;  // of each group
};

}  // namespace

Box bar_of(const PlacedGroup& group) {
  const double left = group.area.right + kBarGap;
  return {left, group.area.top, left + kBarWidth, std::max(group.area.bottom, group.area.top + 60)};
}

PictureLayout lay_out_pictures(const std::vector<PictureGroup>& groups, bool side_by_side,
                               bool shared_bar) {
  return Planner(groups, side_by_side, shared_bar).take();
}

}  // namespace weft::figures
