#pragma once

// Where pictures, their captions, titles and colour bars stand in a figure.

#include <string>
#include <vector>

#include "src/figures/script.h"

namespace weft::figures {

constexpr double kCaptionLine = 23, kGroupTitleLine = 28;  // heights in pixels

struct PlacedGroup {
  std::vector<std::string> title = {};  // in lines
  double left = 0, top = 0;             // of the title
  Box area = {};                        // of the pictures, without their last captions
  std::vector<Box> pictures = {};
  std::vector<double> captions = {};  // the top of each picture's
};

struct PictureLayout {
  std::vector<PlacedGroup> groups = {};
  double caption_font = kSmallFont;
  Box shared_bar = {};  // of all groups without a scale of their own; no width: none
  int height = 0;
};

/// Where the bar of a group with a scale of its own stands.
Box bar_of(const PlacedGroup& group);

PictureLayout lay_out_pictures(const std::vector<PictureGroup>& groups, bool side_by_side,
                               bool shared_bar);

}  // namespace weft::figures
