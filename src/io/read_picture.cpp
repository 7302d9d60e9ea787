#include <array>
#include <string>
#include <vector>

#include "src/io/file.h"
#include "src/io/picture.h"
#include "weft/error.h"
#include "weft/io.h"

namespace weft {

namespace {

constexpr std::uint64_t kLargestFile = 512 << 20;
constexpr int kWhite = 255;

std::uint8_t over_white(int value, int alpha) {
  return static_cast<std::uint8_t>((value * alpha + kWhite * (255 - alpha) + 127) / 255);
}

std::uint8_t grey_of(const std::array<std::uint8_t, 3>& rgb) {  // Rec. 601
  return static_cast<std::uint8_t>((299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2] + 500) / 1000);
}

}  // namespace

Tensor read_picture(const std::filesystem::path& path, int channels) {
  if (channels != 1 && channels != 3)
    throw ShapeError("read_picture: expected 1 or 3 channels, got " + std::to_string(channels));
  const io::InputFile file(path);
  if (file.size() > kLargestFile)
    io::fail(file.path(), "expected a picture in at most " + io::bytes_text(kLargestFile) +
                              ", found " + io::bytes_text(file.size()));
  std::vector<std::uint8_t> bytes(file.size());
  file.read(0, bytes.data(), bytes.size());
  const io::PictureSize size = io::check_picture(file.path(), bytes);
  const Tensor decoded = io::decode_picture(file.path(), bytes, size);

  const std::int64_t pixels = size.rows * size.columns, stored = decoded.size(2);
  const bool has_colour = stored >= 3, has_alpha = stored % 2 == 0;
  Tensor picture = empty({size.rows, size.columns, channels}, DType::uint8);
  const std::uint8_t* from = decoded.data<std::uint8_t>();
  std::uint8_t* to = picture.data<std::uint8_t>();
  for (std::int64_t i = 0; i < pixels; ++i, from += stored, to += channels) {
    const int alpha = has_alpha ? from[stored - 1] : 255;
    std::array<std::uint8_t, 3> rgb{};
    for (std::size_t c = 0; c < rgb.size(); ++c)
      rgb[c] = over_white(from[has_colour ? c : 0], alpha);
    if (channels == 3)
      std::copy(rgb.begin(), rgb.end(), to);
    else
      *to = has_colour ? grey_of(rgb) : rgb[0];
  }
  return picture;
}

}  // namespace weft
