#pragma once

// Windows along one axis of an image, for the twins of pooling.

#include <cstdint>
#include <vector>

#include "weft/window.h"

namespace weft::cpu {

/// Whether there is nothing to compute, however many places there are to go over.
inline bool has_no_numbers(const WindowGeometry& g) { return g.n == 0 || g.c == 0; }

/// Pixels, taps or places of windows: begin .. end - 1.
struct Range {
  std::int64_t begin, end;
};

/// For each of `extent` pixels, the windows that span it. spans[i] is what window i spans, from its first pixel
/// to its last, also outside the image; neither end ever falls from a window to the next.
inline std::vector<Range> windows_over(std::int64_t extent, const std::vector<Range>& spans) {
  const auto places = static_cast<std::int64_t>(spans.size());
  const auto span = [&](std::int64_t place) { return spans[static_cast<std::size_t>(place)]; };
  std::vector<Range> windows;
  Range over{0, 0};
  for (std::int64_t pixel = 0; pixel < extent; ++pixel) {
    while (over.begin < places && span(over.begin).end <= pixel) ++over.begin;
    while (over.end < places && span(over.end).begin <= pixel) ++over.end;
    windows.push_back(over);
  }
  return windows;
}

}  // namespace weft::cpu
