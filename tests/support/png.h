#pragma once

// The pixels of a PNG as gnuplot writes it: eight bits a channel, not interlaced.

#include <zlib.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace weft::test {

struct Png {
  int width = 0, height = 0;
  std::vector<std::array<int, 3>> pixels;

  /// How many pixels have about this colour, given as "#2563eb".
  int count(const std::string& colour, int tolerance = 3) const {
    const int rgb = std::stoi(colour.substr(1), nullptr, 16);
    int found = 0;
    for (const auto& pixel : pixels)
      found += std::abs(pixel[0] - (rgb >> 16)) <= tolerance &&
               std::abs(pixel[1] - (rgb >> 8 & 255)) <= tolerance &&
               std::abs(pixel[2] - (rgb & 255)) <= tolerance;
    return found;
  }
};

namespace png {

inline std::uint32_t big_endian(std::string_view bytes, std::size_t at) {
  std::uint32_t x = 0;
  for (std::size_t i = at; i < at + 4; ++i) x = x << 8 | static_cast<unsigned char>(bytes.at(i));
  return x;
}

// What the filter of a line predicts from the bytes to the left, above, and above to the left.
inline int predicted(int filter, int left, int above, int corner) {
  if (filter == 1) return left;
  if (filter == 2) return above;
  if (filter == 3) return (left + above) / 2;
  if (filter != 4) return 0;
  const int guess = left + above - corner;
  const int dl = std::abs(guess - left), da = std::abs(guess - above),
            dc = std::abs(guess - corner);
  return dl <= da && dl <= dc ? left : da <= dc ? above : corner;
}

}  // namespace png

inline Png read_png(std::string_view file) {
  Png result{
      static_cast<int>(png::big_endian(file, 16)), static_cast<int>(png::big_endian(file, 20)), {}};
  const int kind = file.at(25);
  if (file.at(24) != 8 || (kind != 2 && kind != 6)) throw std::runtime_error("another kind of PNG");
  const std::size_t channels = kind == 2 ? 3 : 4;
  std::string packed;
  for (std::size_t at = 8; at + 12 <= file.size();) {
    const std::size_t length = png::big_endian(file, at);
    if (file.substr(at + 4, 4) == "IDAT") packed += file.substr(at + 8, length);
    at += 12 + length;
  }
  const std::size_t line = channels * static_cast<std::size_t>(result.width);
  std::vector<unsigned char> bytes((line + 1) * static_cast<std::size_t>(result.height));
  uLongf size = bytes.size();
  if (uncompress(bytes.data(), &size, reinterpret_cast<const Bytef*>(packed.data()),
                 packed.size()) != Z_OK)
    throw std::runtime_error("a damaged PNG");
  std::vector<int> above(line + channels, 0), now(line + channels, 0);
  for (std::size_t y = 0; y < static_cast<std::size_t>(result.height); ++y) {
    const unsigned char* raw = bytes.data() + y * (line + 1);
    for (std::size_t i = channels; i < line + channels; ++i)
      now[i] = (raw[i - channels + 1] +
                png::predicted(raw[0], now[i - channels], above[i], above[i - channels])) &
               255;
    for (std::size_t i = channels; i < line + channels; i += channels)
      result.pixels.push_back({now[i], now[i + 1], now[i + 2]});
    above = now;
  }
  return result;
}

}  // namespace weft::test
