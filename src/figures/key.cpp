#include "src/figures/key.h"

#include <algorithm>
#include <cmath>

namespace weft::figures {

namespace {

// In pixels.
constexpr double kSample = 34, kSampleGap = 10, kEntryGap = 28, kPadding = 8, kClearance = 10;
constexpr std::size_t kMostInside = 6;  // entries of a key inside the plot

double sample_width(const KeyEntry& entry) {
  return entry.sample == KeyEntry::Sample::points ? 12 : kSample;
}

double entry_width(const KeyEntry& entry) {
  return sample_width(entry) + kSampleGap + text_width(entry.name, kFont);
}

void draw_entry(Script& script, const KeyEntry& entry, double x, double y) {
  using Sample = KeyEntry::Sample;
  const std::string colour = "lc rgb '" + entry.colour + "'";
  const double width = sample_width(entry);
  if (entry.sample == Sample::area) {
    script.rectangle({x + 4, y - 8, x + width - 4, y + 8},
                     "front fc rgb '" + entry.colour + "' fs transparent solid 0.3 border rgb '" +
                         entry.colour + "' lw 2");
  } else if (entry.sample != Sample::points) {
    script.segment(x, y, x + width, y,
                   colour + " lw 2.4" + (entry.sample == Sample::dashed ? " dt (7,4)" : ""));
  }
  if (entry.sample == Sample::points || entry.sample == Sample::line_and_points)
    script.mark(x + width / 2, y, "pt 7 ps 1.3 " + colour);
  script.label(x + width + kSampleGap, y, text(entry.name), "left", front(kText));
}

// Walks over the entries line by line; returns the number of lines.
template <class Draw>
int walk(const std::vector<KeyEntry>& entries, double width, Draw draw) {
  double x = 0;
  int line = 0;
  for (const KeyEntry& entry : entries) {
    const double needed = entry_width(entry);
    if (x > 0 && x + needed > width) {
      x = 0;
      ++line;
    }
    draw(entry, x, line);
    x += needed + kEntryGap;
  }
  return entries.empty() ? 0 : line + 1;
}

// Whether a line from a to b meets the box: by halving it until a piece is clearly in or out.
bool meets(const Box& box, double ax, double ay, double bx, double by) {
  if (std::max(ax, bx) < box.left || std::min(ax, bx) > box.right || std::max(ay, by) < box.top ||
      std::min(ay, by) > box.bottom)
    return false;
  if (std::hypot(bx - ax, by - ay) < 3) return true;
  const double mx = (ax + bx) / 2, my = (ay + by) / 2;
  return meets(box, ax, ay, mx, my) || meets(box, mx, my, bx, by);
}

bool meets(const Box& box, const Curve& curve, const Box& plot, const Axis& x_axis,
           const Axis& y_axis) {
  double before_x = NAN, before_y = NAN;
  for (std::size_t i = 0; i < curve.x.size(); ++i) {
    const double x = plot.left + x_axis.share_of(curve.x[i]) * plot.width();
    const double y = plot.bottom - y_axis.share_of(curve.y[i]) * plot.height();
    const bool shown = std::isfinite(x) && std::isfinite(y);
    const bool joined = curve.line && !curve.steps && std::isfinite(before_x);
    if (shown && meets(box, x, y, x, curve.steps ? plot.bottom : y)) return true;
    if (shown && joined && meets(box, before_x, before_y, x, y)) return true;
    before_x = shown ? x : NAN;
    before_y = y;
  }
  return false;
}

}  // namespace

std::vector<KeyEntry> key_entries(const Chart& chart) {
  using Sample = KeyEntry::Sample;
  std::vector<KeyEntry> entries;
  for (std::size_t k = 0; k < chart.curves.size(); ++k) {
    const Curve& curve = chart.curves[k];
    if (curve.name.empty()) continue;
    const Sample sample = curve.steps    ? Sample::area
                          : !curve.line  ? Sample::points
                          : curve.points ? Sample::line_and_points
                          : curve.dashed ? Sample::dashed
                                         : Sample::line;
    entries.push_back({curve.name, colour_or(curve.colour, k), sample});
  }
  return entries;
}

int key_lines(const std::vector<KeyEntry>& entries, double width) {
  return walk(entries, width, [](const KeyEntry&, double, int) {});
}

void draw_key_lines(Script& script, const std::vector<KeyEntry>& entries, double left, double top,
                    double width) {
  walk(entries, width, [&](const KeyEntry& entry, double x, int line) {
    draw_entry(script, entry, left + x, top + (line + 0.5) * kKeyLine);
  });
}

double key_width(const std::vector<KeyEntry>& entries) {
  double width = -kEntryGap;
  for (const KeyEntry& entry : entries) width += entry_width(entry) + kEntryGap;
  return width;
}

Box key_box_at(const std::vector<KeyEntry>& entries, double left, double top) {
  double width = 0;
  for (const KeyEntry& entry : entries) width = std::max(width, entry_width(entry));
  return {left, top, left + width + 2 * kPadding,
          top + kKeyLine * static_cast<double>(entries.size())};
}

std::optional<Box> free_corner(const Chart& chart, const std::vector<KeyEntry>& entries,
                               const Box& plot, const Axis& x, const Axis& y) {
  const Box size = key_box_at(entries, 0, 0);
  const double width = size.right, height = size.bottom;
  if (entries.size() > kMostInside || width > 0.7 * plot.width() || height > 0.6 * plot.height())
    return {};
  for (const bool other_level : {false, true})
    for (const bool other_side : {false, true}) {
      const bool left = chart.key_left != other_side, below = chart.key_below != other_level;
      const Box box =
          key_box_at(entries, left ? plot.left + kClearance : plot.right - kClearance - width,
                     below ? plot.bottom - kClearance - height : plot.top + kClearance);
      const Box kept{box.left - 6, box.top - 6, box.right + 6, box.bottom + 6};
      const bool taken =
          std::any_of(chart.curves.begin(), chart.curves.end(),
                      [&](const Curve& curve) { return meets(kept, curve, plot, x, y); });
      if (!taken) return box;
    }
  return {};
}

void draw_key_box(Script& script, const std::vector<KeyEntry>& entries, const Box& box) {
  script.rectangle(box, "front fc rgb '#ffffff' fs solid noborder");
  for (std::size_t i = 0; i < entries.size(); ++i)
    draw_entry(script, entries[i], box.left + kPadding,
               box.top + (static_cast<double>(i) + 0.5) * kKeyLine);
}

}  // namespace weft::figures
