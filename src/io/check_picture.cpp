#include <zlib.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <string>
#include <string_view>

#include "src/io/file.h"
#include "src/io/picture.h"

namespace weft::io {

namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1a\n";
constexpr std::string_view kJpegSignature = "\xff\xd8\xff";

// What a file of this size can hold at the most, so that a small one asks for no large memory. Deflate
// makes at most 1,032 bytes of one; a JPEG takes at least a bit for 64 pixels of its finest channel,
// doubled for channels that are sampled in pairs.
constexpr std::uint64_t kLargestExpansion = 1032, kMostPixelsPerByte = 1024;

struct Known {
  std::size_t at;
  std::string_view beginning;
  const char* name;
};
constexpr Known kOtherFormats[] = {{0, "GIF8", "a GIF picture"},
                                   {8, "WEBP", "a WebP picture"},
                                   {4, "ftyp", "a HEIC, AVIF or video file"},
                                   {0, "BM", "a BMP picture"},
                                   {0, {"II*\0", 4}, "a TIFF picture"},
                                   {0, {"MM\0*", 4}, "a TIFF picture"},
                                   {0, "%PDF", "a PDF document"},
                                   {0, "<", "a text such as SVG or HTML"}};

bool has(Bytes file, std::size_t at, std::string_view part) {
  return file.size() >= at + part.size() &&
         std::equal(part.begin(), part.end(), file.begin() + static_cast<std::ptrdiff_t>(at),
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

std::uint64_t big_endian(Bytes bytes) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

// The file as it is walked through; every access is checked against its end.
class Walk {
 public:
  Walk(const std::filesystem::path& path, Bytes file) : path_(path), file_(file) {}

  std::size_t at() const { return at_; }
  Bytes take(std::uint64_t count, const std::string& what) {
    const std::size_t left = file_.size() - at_;
    if (count > left)
      fail(path_, at_, bytes_text(count) + " of " + what,
           left == 0 ? "the end of the file" : bytes_text(left));
    const Bytes part = file_.subspan(at_, static_cast<std::size_t>(count));
    at_ += static_cast<std::size_t>(count);
    return part;
  }
  std::uint64_t number(std::size_t bytes, const std::string& what) {
    return big_endian(take(bytes, what));
  }
  // Up to the next 0xff that begins a marker; 0xff 0x00 is a byte of data, and a row of 0xff padding.
  std::uint8_t next_marker() {
    while (true) {
      while (take(1, "the picture")[0] != 0xff) continue;
      std::uint8_t marker = 0xff;
      while (marker == 0xff) marker = take(1, "the picture")[0];
      if (marker != 0) return marker;
    }
  }
  [[noreturn]] void refuse(std::size_t at, const std::string& expected,
                           const std::string& found) const {
    fail(path_, at, expected, found);
  }

 private:
  const std::filesystem::path& path_;
  Bytes file_;
  std::size_t at_ = 0;
};

PictureSize checked_size(const Walk& walk, std::size_t at, std::uint64_t rows,
                         std::uint64_t columns) {
  const std::uint64_t side = kLongestSide, pixels = kMostPixels;
  const std::string found = std::to_string(columns) + " x " + std::to_string(rows);
  if (rows == 0 || columns == 0) walk.refuse(at, "a picture with pixels", found);
  if (rows > side || columns > side || rows * columns > pixels)
    walk.refuse(at,
                "a picture of at most " + std::to_string(side) + " pixels a side and " +
                    std::to_string(pixels) + " in all",
                found);
  return {static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns)};
}

void check_expansion(const Walk& walk, std::size_t at, PictureSize size, std::uint64_t least_bytes,
                     Bytes file) {
  if (least_bytes > file.size())
    walk.refuse(at, "a picture that a file of " + bytes_text(file.size()) + " can hold",
                std::to_string(size.columns) + " x " + std::to_string(size.rows));
}

int png_channels(std::uint64_t color_type) {
  constexpr std::array<int, 7> kChannels{1, 0, 3, 1, 2, 0, 4};
  return color_type < kChannels.size() ? kChannels[color_type] : 0;
}

PictureSize png_header(Walk& walk, Bytes file) {
  const std::size_t at = walk.at();
  const std::uint64_t columns = walk.number(4, "the width"), rows = walk.number(4, "the height");
  const std::uint64_t depth = walk.number(1, "the bits"), color = walk.number(1, "the colour type");
  const PictureSize size = checked_size(walk, at, rows, columns);
  const int channels = png_channels(color);
  if (channels == 0 || depth == 0 || depth > 16)
    walk.refuse(at + 8, "bits and colour type of a PNG",
                std::to_string(depth) + " and " + std::to_string(color));
  const std::uint64_t row_bytes = (columns * depth * static_cast<std::uint64_t>(channels) + 7) / 8;
  check_expansion(walk, at, size, rows * row_bytes / kLargestExpansion, file);
  return size;
}

PictureSize check_png(const std::filesystem::path& path, Bytes file) {
  Walk walk(path, file);
  walk.take(kPngSignature.size(), "a PNG file");
  PictureSize size;
  while (true) {
    const std::size_t begin = walk.at();
    const std::uint64_t length = walk.number(4, "the next chunk's length");
    const Bytes type = walk.take(4, "the next chunk's type");
    const std::string name(type.begin(), type.end());
    if (begin == kPngSignature.size()) {
      if (name == "CgBI") walk.refuse(begin, "a PNG file", "Apple's variant of one, CgBI");
      if (name != "IHDR" || length != 13)
        walk.refuse(begin, "IHDR, the header of a PNG", hex_text(type.data(), type.size()));
      Walk header = walk;
      size = png_header(header, file);
    } else if (name == "IHDR") {
      walk.refuse(begin, "one header, IHDR", "another one");
    }
    const std::size_t data_at = walk.at();
    const Bytes data = walk.take(length, "the chunk " + hex_text(type.data(), type.size()));
    const std::uint64_t checksum = walk.number(4, "a checksum");
    uLong computed = crc32_z(0, type.data(), type.size());
    if (!data.empty()) computed = crc32_z(computed, data.data(), data.size());
    if (computed != checksum)
      walk.refuse(data_at, "a sound chunk", "one that its checksum does not fit");
    if (name == "IEND") return size;
  }
}

bool is_frame(std::uint8_t marker) {  // what describes the picture; three neighbours do not
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

PictureSize jpeg_frame(Walk walk, std::uint8_t marker, Bytes file) {
  const std::size_t at = walk.at();
  if (marker > 0xc2)
    walk.refuse(at, "a baseline or progressive JPEG",
                "one of type " + hex_text(&marker, 1) + " (lossless or arithmetic coding)");
  const std::uint64_t bits = walk.number(1, "the bits");
  if (bits != 8) walk.refuse(at, "8 bits a channel", std::to_string(bits));
  const std::uint64_t rows = walk.number(2, "the height"), columns = walk.number(2, "the width");
  const std::uint64_t channels = walk.number(1, "the channels");
  const PictureSize size = checked_size(walk, at, rows, columns);
  if (channels == 4)
    walk.refuse(at + 5, "a grey or RGB picture",
                "the four inks of CMYK; another program can save it as RGB");
  check_expansion(walk, at, size, rows * columns / kMostPixelsPerByte, file);
  return size;
}

// The decoder writes as many codes as these tables announce, without a look at its room for 256.
void check_huffman_tables(Walk walk, std::uint64_t bytes) {
  constexpr std::uint64_t kHead = 17, kMostCodes = 256;
  while (bytes > 0) {
    const std::size_t at = walk.at();
    const Bytes head = walk.take(kHead, "a Huffman table");
    const std::uint64_t codes = std::accumulate(head.begin() + 1, head.end(), std::uint64_t{0});
    if (codes > kMostCodes || kHead + codes > bytes)
      walk.refuse(at, "a Huffman table in its segment, of at most 256 codes",
                  std::to_string(codes) + " codes in " + bytes_text(bytes));
    walk.take(codes, "a Huffman table");
    bytes -= kHead + codes;
  }
}

PictureSize check_jpeg(const std::filesystem::path& path, Bytes file) {
  constexpr std::uint8_t kEnd = 0xd9, kStart = 0xd8, kFirstRestart = 0xd0, kAlone = 0x01,
                         kHuffmanTables = 0xc4;
  Walk walk(path, file);
  walk.take(2, "a JPEG file");
  PictureSize size;
  while (true) {
    const std::uint8_t marker = walk.next_marker();
    if (marker == kEnd) break;
    if ((marker >= kFirstRestart && marker <= kStart) || marker == kAlone) continue;
    const std::size_t begin = walk.at();
    const std::uint64_t length = walk.number(2, "a segment's length");
    if (length < 2) walk.refuse(begin, "a segment of at least 2 bytes", bytes_text(length));
    if (is_frame(marker)) {
      if (size.rows != 0) walk.refuse(begin, "one picture's frame", "another one");
      size = jpeg_frame(walk, marker, file);
    }
    if (marker == kHuffmanTables) check_huffman_tables(walk, length - 2);
    walk.take(length - 2, "a segment");
  }
  if (size.rows == 0) walk.refuse(walk.at(), "a picture before the end", "none");
  return size;
}

}  // namespace

PictureSize check_picture(const std::filesystem::path& path, Bytes file) {
  if (has(file, 0, kPngSignature)) return check_png(path, file);
  if (has(file, 0, kJpegSignature)) return check_jpeg(path, file);
  const char* const kExpected = "a PNG or JPEG picture";
  if (file.empty()) fail(path, 0, kExpected, "an empty file");
  for (const Known& known : kOtherFormats)
    if (has(file, known.at, known.beginning)) fail(path, 0, kExpected, known.name);
  fail(path, 0, kExpected,
       "a file that begins with " + hex_text(file.data(), std::min<std::size_t>(file.size(), 8)));
}

}  // namespace weft::io
