#pragma once

// Draws placed pictures: their pixels, frames, numbers, captions, and the colour bars beside them.

#include <string>
#include <vector>

#include "src/figures/picture_layout.h"
#include "src/figures/script.h"

namespace weft::figures {

/// The values that have the first and the last colour of the palette.
struct Scale {
  double low, high;
  double share_of(double value) const { return (value - low) / (high - low); }
};

class PicturePainter {
 public:
  PicturePainter(Script& script, Palette palette, double caption_font);

  void group(const PictureGroup& group, const PlacedGroup& placed, const Scale& scale);
  void bar(const Box& box, const Scale& scale);

  /// Plots everything in one command.
  void plot();

 private:
  void pixels(const Picture& picture, const Box& box, const Scale& scale);
  void numbers(const Picture& picture, const Box& box, const Scale& scale);
  void caption(const std::string& caption, double x, double y);

  Script& script_;
  const Gradient gradient_;
  const double caption_font_;
  bool has_bar_ = false;
  std::vector<std::string> plots_;
};

}  // namespace weft::figures
