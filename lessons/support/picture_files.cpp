#include "support/picture_files.h"

#include <algorithm>
#include <cstring>

#include "weft/io.h"

namespace lessons {

namespace fs = std::filesystem;

namespace {

// A scan or a photo has dark ink on bright paper.
bool has_bright_border(const std::uint8_t* pixels, PictureSize size) {
  const std::int64_t ring = std::max<std::int64_t>(1, std::min(size.rows, size.columns) / 7);
  double border = 0, middle = 0;
  std::int64_t border_count = 0, middle_count = 0;
  for (std::int64_t row = 0; row < size.rows; ++row)
    for (std::int64_t column = 0; column < size.columns; ++column) {
      const bool inside =
          row >= ring && row < size.rows - ring && column >= ring && column < size.columns - ring;
      (inside ? middle : border) += pixels[row * size.columns + column];
      ++(inside ? middle_count : border_count);
    }
  return middle_count > 0 &&
         border / static_cast<double>(border_count) > middle / static_cast<double>(middle_count);
}

}  // namespace

PictureFiles read_picture_files(const std::vector<fs::path>& paths, PictureSize size) {
  const std::int64_t count = static_cast<std::int64_t>(paths.size()), pixels = size.pixels();
  PictureFiles files{weft::empty({count, pixels}, weft::DType::uint8), {}};
  std::uint8_t* to = files.pixels.data<std::uint8_t>();
  for (const fs::path& path : paths) {
    const weft::Tensor picture = weft::read_picture(path, static_cast<int>(size.channels));
    const std::int64_t rows = picture.size(0), columns = picture.size(1);
    const weft::Tensor resized = weft::resize_pictures(
        picture.reshape({1, rows, columns, size.channels}), {size.rows, size.columns});
    std::memcpy(to, resized.data(), resized.bytes());
    std::string note = std::to_string(columns) + " x " + std::to_string(rows);
    if (rows != size.rows || columns != size.columns)
      note += ", resized to " + std::to_string(size.columns) + " x " + std::to_string(size.rows);
    if (size.channels == 1 && has_bright_border(to, size)) {
      for (std::int64_t i = 0; i < pixels; ++i) to[i] = static_cast<std::uint8_t>(255 - to[i]);
      note += ", inverted: its border is brighter than its middle";
    }
    files.notes.push_back(note);
    to += pixels;
  }
  return files;
}

std::map<std::string, std::string> about_pictures(PictureSize size, std::int64_t classes,
                                                  const std::vector<std::string>& names) {
  std::map<std::string, std::string> about{{"rows", std::to_string(size.rows)},
                                           {"columns", std::to_string(size.columns)},
                                           {"channels", std::to_string(size.channels)},
                                           {"classes", std::to_string(classes)}};
  std::string lines;
  for (const std::string& name : names) lines += (lines.empty() ? "" : "\n") + name;
  if (!lines.empty()) about["class_names"] = lines;
  return about;
}

}  // namespace lessons
