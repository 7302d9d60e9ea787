#include "tests/support/picture_file.h"

#include <zlib.h>

#include <algorithm>

#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb_image_write.h>

namespace weft::test {

namespace {

const std::string kSignature = "\x89PNG\r\n\x1a\n";

std::string big_endian(std::uint32_t x) {
  return {static_cast<char>(x >> 24), static_cast<char>(x >> 16), static_cast<char>(x >> 8),
          static_cast<char>(x)};
}

std::uint32_t number_at(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return value;
}

std::string checksum(std::string_view bytes) {
  return big_endian(static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size())));
}

}  // namespace

std::string png_chunk(const std::string& type, const std::string& data) {
  return big_endian(static_cast<std::uint32_t>(data.size())) + type + data + checksum(type + data);
}

std::string png_header(std::uint32_t columns, std::uint32_t rows, PngColour colour, int bits,
                       bool interlaced) {
  return kSignature +
         png_chunk("IHDR", big_endian(columns) + big_endian(rows) +
                               std::string{static_cast<char>(bits), static_cast<char>(colour), '\0',
                                           '\0', interlaced ? '\1' : '\0'});
}

std::string png_data(const std::string& scanlines) {
  uLongf size = compressBound(scanlines.size());
  std::string packed(size, '\0');
  compress(reinterpret_cast<Bytef*>(packed.data()), &size,
           reinterpret_cast<const Bytef*>(scanlines.data()), scanlines.size());
  packed.resize(size);
  return png_chunk("IDAT", packed) + png_chunk("IEND", "");
}

std::string png(int columns, PngColour colour, int bits, const std::vector<std::string>& rows,
                const std::string& before_data) {
  std::string scanlines;
  for (const std::string& row : rows) scanlines += '\0' + row;
  return png_header(static_cast<std::uint32_t>(columns), static_cast<std::uint32_t>(rows.size()),
                    colour, bits) +
         before_data + png_data(scanlines);
}

std::string with_sound_checksums(std::string png) {
  std::size_t at = kSignature.size();
  while (png.size() >= at + 12) {
    const std::size_t length = number_at(png, at);
    if (length > png.size() - at - 12) break;
    png.replace(at + 8 + length, 4, checksum(std::string_view(png).substr(at + 4, 4 + length)));
    at += 12 + length;
  }
  return png;
}

std::string png_of(const std::uint8_t* pixels, int rows, int columns, int channels) {
  std::vector<std::string> lines;
  for (int row = 0; row < rows; ++row)
    lines.emplace_back(reinterpret_cast<const char*>(pixels) + row * columns * channels,
                       static_cast<std::size_t>(columns * channels));
  return png(columns, channels == 3 ? PngColour::rgb : PngColour::grey, 8, lines);
}

std::string jpeg_of(const std::uint8_t* pixels, int rows, int columns, int channels, int quality) {
  std::string file;
  stbi_write_jpg_to_func(
      [](void* to, void* bytes, int count) {
        static_cast<std::string*>(to)->append(static_cast<const char*>(bytes),
                                              static_cast<std::size_t>(count));
      },
      &file, columns, rows, channels, pixels, quality);
  return file;
}

std::string from_hex(std::string_view digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  return bytes;
}

}  // namespace weft::test
