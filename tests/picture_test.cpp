// read_picture: pictures of every kind that it takes, what it refuses and how, and hostile bytes.

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/support/picture_file.h"
#include "tests/support/temporary_folder.h"
#include "weft/error.h"
#include "weft/io.h"

namespace {

using namespace weft;
using test::from_hex;
using test::png;
using test::PngColour;
using test::put;
namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;

// Written by another program. 16 x 16, or 8 x 8 for cmyk: left half red, right half blue.
const std::string kJpegStart =
    "ffd8ffe000104a46494600010100000100010000ffdb0043000302020302020303030304030304050805050404050a"
    "070706080c0a0c0c0b0a0b0b0d0e12100d0e110e0b0b1016101113141515150c0f171816141812141514";
const std::string kSecondTable =
    "ffdb00430103040405040509050509140d0b0d14141414141414141414141414141414141414141414141414141414"
    "14141414141414141414141414141414141414141414";
const std::string kProgressive = from_hex(
    kJpegStart + kSecondTable +
    "ffc20011080010001003012200021101031101ffc4001500010100000000000000000000000000000607ffc4001501"
    "010100000000000000000000000000000607ffda000c030100021003100000019c817c05c51bffc400141001000000"
    "00000000000000000000000020ffda00080101000105021fffc4001811000203000000000000000000000000000007"
    "4482c2ffda0008010301013f0161c5be4fffc40018110002030000000000000000000000000000074482c2ffda0008"
    "010201013f01594ca6cfffc40014100100000000000000000000000000000020ffda0008010100063f021fffc40014"
    "100100000000000000000000000000000020ffda0008010100013f211fffda000c03010002000300000010a7ffc400"
    "14110100000000000000000000000000000000ffda0008010301013f102fffc4001411010000000000000000000000"
    "0000000000ffda0008010201013f1017ffc40014100100000000000000000000000000000020ffda0008010100013f"
    "101fffd9");
const std::string kGreyJpeg = from_hex(
    kJpegStart +
    "ffc0000b080010001001011100ffc4001500010100000000000000000000000000000708ffc4001410010000000000"
    "0000000000000000000000ffda0008010100003f009d0047d013ffd9");
const std::string kRestarts = from_hex(
    kJpegStart + kSecondTable +
    "ffc00011080010001003012200021101031101ffc4001500010100000000000000000000000000000708ffc4001410"
    "0100000000000000000000000000000000ffc4001501010100000000000000000000000000000708ffc40018110002"
    "030000000000000000000000000000084583c3ffdd00040001ffda000c03010002110311003f009d0047d011c16598"
    "a3628d61a2aec8ffd9");
const std::string kCmyk = from_hex(
    "ffd8ffee000e41646f626500640000000000ffdb004300100b0c0e0c0a100e0d0e1211101318281a18161618312325"
    "1d283a333d3c3933383740485c4e404457453738506d51575f626768673e4d71797064785c656763ffc00014080008"
    "0008044311004d11005911004b1100ffc4001500010100000000000000000000000000000007ffc400181000020300"
    "00000000000000000000000000074583c2ffda000e0443004d0059004b00003f0034e32cc93f0ac93af4500fffd9");

std::string reading_error(const fs::path& path, int channels = 3) {
  try {
    read_picture(path, channels);
  } catch (const FileError& error) {
    return error.what();
  }
  return "";
}

class Pictures : public testing::Test {
 protected:
  // Some file systems sync a file that is written over.
  void store(const std::string& content) {
    fs::remove(path_);
    put(path_, content);
  }
  Tensor read(const std::string& content, int channels) {
    store(content);
    return read_picture(path_, channels);
  }
  void expect_pixels(const std::string& content, Shape shape, const Bytes& expected) {
    const Tensor picture = read(content, static_cast<int>(shape[2]));
    EXPECT_EQ(picture.shape(), shape);
    EXPECT_EQ(picture.to_vector<std::uint8_t>(), expected);
  }
  void expect_refused(const std::string& content, const std::string& complaint) {
    store(content);
    const std::string error = reading_error(path_);
    EXPECT_NE(error.find(complaint), std::string::npos) << "got: " << error;
    EXPECT_EQ(error.rfind(path_.string(), 0), 0u) << "expected the path first, got: " << error;
  }

  test::TemporaryFolder folder_;
  fs::path path_ = folder_ / "picture";
};

TEST_F(Pictures, OfEightBits) {
  const std::string rgb = png(2, PngColour::rgb, 8, {"\x01\x02\x03\xff\x80\x40", "abcdef"});
  expect_pixels(rgb, {2, 2, 3}, {1, 2, 3, 255, 128, 64, 'a', 'b', 'c', 'd', 'e', 'f'});
  // 0.299 r + 0.587 g + 0.114 b
  expect_pixels(
      png(4, PngColour::rgb, 8, {std::string("\xff\0\0\0\xff\0\0\0\xff\xff\xff\xff", 12)}),
      {1, 4, 1}, {76, 150, 29, 255});
  const std::string grey = png(3, PngColour::grey, 8, {std::string("\0\x7f\xff", 3)});
  expect_pixels(grey, {1, 3, 1}, {0, 127, 255});
  expect_pixels(grey, {1, 3, 3}, {0, 0, 0, 127, 127, 127, 255, 255, 255});
}

TEST_F(Pictures, OfOtherBits) {
  expect_pixels(png(8, PngColour::grey, 1, {"\xa5"}), {1, 8, 1}, {255, 0, 255, 0, 0, 255, 0, 255});
  expect_pixels(png(4, PngColour::grey, 2, {"\x1b"}), {1, 4, 1}, {0, 85, 170, 255});
  expect_pixels(png(2, PngColour::grey, 4, {"\x1f"}), {1, 2, 1}, {17, 255});
  expect_pixels(png(2, PngColour::grey, 16, {std::string("\x12\xff\xff\0", 4)}), {1, 2, 1},
                {0x12, 0xff});
  expect_pixels(png(1, PngColour::rgb, 16, {"\x10\x11\x20\x21\x30\x31"}), {1, 1, 3},
                {0x10, 0x20, 0x30});
}

TEST_F(Pictures, WithAPalette) {
  const std::string palette = test::png_chunk("PLTE", std::string("\1\2\3\xff\0\0\0\0\xff", 9));
  const std::string indices("\0\1\2\1", 4);
  expect_pixels(png(4, PngColour::palette, 8, {indices}, palette), {1, 4, 3},
                {1, 2, 3, 255, 0, 0, 0, 0, 255, 255, 0, 0});
  expect_pixels(png(4, PngColour::palette, 2, {"\x19"}, palette), {1, 4, 3},
                {1, 2, 3, 255, 0, 0, 0, 0, 255, 255, 0, 0});
  // Entry 0 is transparent.
  expect_pixels(png(4, PngColour::palette, 8, {indices},
                    palette + test::png_chunk("tRNS", std::string("\0", 1))),
                {1, 4, 3}, {255, 255, 255, 255, 0, 0, 0, 0, 255, 255, 0, 0});
}

TEST_F(Pictures, TransparentOnesLieOverWhite) {
  expect_pixels(
      png(3, PngColour::rgba, 8, {std::string("\x0a\x14\x1e\0\x0a\x14\x1e\xff\0\x64\xc8\x80", 12)}),
      {1, 3, 3}, {255, 255, 255, 10, 20, 30, 127, 177, 227});
  expect_pixels(png(2, PngColour::grey_alpha, 8, {std::string("\0\0\x64\x80", 4)}), {1, 2, 1},
                {255, 177});
  expect_pixels(png(1, PngColour::rgba, 16, {std::string("\0\0\0\0\0\0\xff\xff", 8)}), {1, 1, 3},
                {0, 0, 0});
  // The grey 5 stands for "transparent".
  expect_pixels(
      png(2, PngColour::grey, 8, {"\x05\x06"}, test::png_chunk("tRNS", std::string("\0\x05", 2))),
      {1, 2, 1}, {255, 6});
}

TEST_F(Pictures, Interlaced) {  // 2 x 2: its first pixel, the one to the right, the second row
  const std::string scanlines("\0\x01\0\x02\0\x03\x04", 7);
  expect_pixels(test::png_header(2, 2, PngColour::grey, 8, true) + test::png_data(scanlines),
                {2, 2, 1}, {1, 2, 3, 4});
}

TEST_F(Pictures, Jpeg) {
  for (const std::string& file : {kProgressive, kRestarts}) {
    const auto pixels = read(file, 3).to_vector<std::uint8_t>();
    ASSERT_EQ(pixels.size(), 16u * 16 * 3);
    EXPECT_GT(pixels[0], 240);
    EXPECT_LT(pixels[2], 15);
    EXPECT_LT(pixels[15 * 3], 15);
    EXPECT_GT(pixels[15 * 3 + 2], 240);
  }
  const auto grey = read(kGreyJpeg, 1).to_vector<std::uint8_t>();
  EXPECT_NEAR(grey[0], 76, 2);
  EXPECT_NEAR(grey[15], 29, 2);

  Bytes smooth;
  for (int i = 0; i < 40 * 30; ++i) smooth.push_back(static_cast<std::uint8_t>(i / 40 * 8));
  const Tensor read_back = read(test::jpeg_of(smooth.data(), 30, 40, 1, 95), 1);
  EXPECT_EQ(read_back.shape(), (Shape{30, 40, 1}));
  const auto pixels = read_back.to_vector<std::uint8_t>();
  for (std::size_t i = 0; i < pixels.size(); ++i) EXPECT_NEAR(pixels[i], smooth[i], 6) << i;
}

TEST_F(Pictures, IgnoreWhatFollowsTheirEnd) {
  const std::string grey = png(1, PngColour::grey, 8, {"\x7f"});
  expect_pixels(grey + "more", {1, 1, 1}, {127});
  EXPECT_EQ(read(kGreyJpeg + "more", 1).shape(), (Shape{16, 16, 1}));
}

TEST_F(Pictures, RefusesWhatIsNone) {
  expect_refused("", "byte 0: expected a PNG or JPEG picture, found an empty file");
  expect_refused("hello", "found a file that begins with 68 65 6c 6c 6f");
  expect_refused("GIF89a...", "found a GIF picture");
  expect_refused("RIFF....WEBPVP8 ", "found a WebP picture");
  expect_refused("....ftypheic....", "found a HEIC, AVIF or video file");
  expect_refused("<svg xmlns=", "found a text such as SVG or HTML");
  expect_refused(kCmyk, "expected a grey or RGB picture, found the four inks of CMYK");
  expect_refused("\x89PNG\r\n\x1a\n",
                 "byte 8: expected 4 bytes of the next chunk's length, found "
                 "the end of the file");
  std::string apple = png(1, PngColour::grey, 8, {"a"});
  apple.insert(8, test::png_chunk("CgBI", "abcd"));
  expect_refused(apple, "found Apple's variant of one, CgBI");
  std::string lossless = kGreyJpeg;
  lossless[lossless.find("\xff\xc0") + 1] = '\xc3';
  expect_refused(lossless, "expected a baseline or progressive JPEG, found one of type c3");
}

TEST_F(Pictures, RefusesHuffmanTablesThatOverflow) {
  std::string file = kGreyJpeg;
  const std::size_t counts_at = file.find("\xff\xc4") + 5;
  file.replace(counts_at, 16, std::string(16, '\xff'));
  expect_refused(file, "expected a Huffman table in its segment, of at most 256 codes, found 4080");
}

TEST_F(Pictures, RefusesWhatIsNoRegularFile) {
  EXPECT_NE(reading_error(folder_ / "missing").find("No such file"), std::string::npos);
  EXPECT_NE(reading_error(folder_.path()).find("expected a regular file, found a folder"),
            std::string::npos);
  EXPECT_NE(reading_error("/dev/zero").find("found a device"), std::string::npos);
  store(png(1, PngColour::grey, 8, {"a"}));
  fs::permissions(path_, fs::perms::none);
  if (::geteuid() != 0) {  // who may read everything
    EXPECT_NE(reading_error(path_).find("Permission denied"), std::string::npos);
  }
}

TEST_F(Pictures, OtherChannelsAreShapeErrors) {
  store(png(1, PngColour::grey, 8, {"a"}));
  for (const int channels : {-1, 0, 2, 4}) EXPECT_THROW(read_picture(path_, channels), ShapeError);
}

TEST_F(Pictures, AllocatesNothingForHostileSizes) {
  const std::string too_large = "expected a picture of at most 16384 pixels a side and 67108864 in";
  const auto header = [](std::uint32_t columns, std::uint32_t rows) {
    return test::png_header(columns, rows, PngColour::rgb, 8);
  };
  expect_refused(header(20'000, 20'000), too_large);
  expect_refused(header(20'000, 20'000), "found 20000 x 20000");
  expect_refused(header(16'385, 1) + test::png_data("abcd"), too_large);
  expect_refused(header(16'384, 16'384), too_large);
  expect_refused(header(0xffffffff, 0xffffffff), too_large);
  expect_refused(header(0, 5), "expected a picture with pixels, found 0 x 5");
  expect_refused(header(8'000, 8'000) + test::png_data("abcd"),
                 "expected a picture that a file of ");
  std::string jpeg = kGreyJpeg;
  const std::size_t size_at = jpeg.find("\xff\xc0") + 5;
  jpeg.replace(size_at, 4, "\x4e\x20\x4e\x20");
  expect_refused(jpeg, too_large);
  jpeg.replace(size_at, 4, "\x1f\xff\x1f\xff");
  expect_refused(jpeg, "expected a picture that a file of 164 bytes can hold, found 8191 x 8191");
  jpeg.replace(size_at, 4, std::string("\0\0\0\x10", 4));
  expect_refused(jpeg, "expected a picture with pixels");
  // A small picture whose pixels unpack to 64 MB.
  expect_refused(header(16, 16) + test::png_data(std::string(64 << 20, 'x')),
                 "expected a picture that can be decoded");
}

TEST_F(Pictures, RefusesEveryTruncation) {
  for (const std::string& whole : {png(4, PngColour::rgb, 8, {"abcdefghijkl", "mnopqrstuvwx"}),
                                   kProgressive, kGreyJpeg, kRestarts}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      store(whole.substr(0, size));
      ASSERT_NE(reading_error(path_), "") << size << " of " << whole.size() << " bytes";
    }
  }
}

TEST_F(Pictures, RefusesEveryFlippedBitOfAPng) {  // behind its signature all bytes have checksums
  const std::string whole = png(4, PngColour::rgb, 8, {"abcdefghijkl", "mnopqrstuvwx"});
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    store(flipped);
    ASSERT_NE(reading_error(path_), "") << "bit " << bit;
  }
}

// FileError or a picture; anything else, or a report of a sanitizer, ends the test.
TEST_F(Pictures, SurviveRandomDamage) {
  const std::string palette = test::png_chunk("PLTE", "abcdefghijkl");
  const std::string line(64, '\x5a');
  const std::vector<std::string> sound{
      png(4, PngColour::rgb, 8, {"abcdefghijkl", "mnopqrstuvwx"}),
      png(8, PngColour::rgba, 16, {line, line, line}),
      png(16, PngColour::palette, 2, {"abcd", "efgh"}, palette + test::png_chunk("tRNS", "ab")),
      png(4, PngColour::grey_alpha, 8, {"abcdefgh", "ijklmnop"}),
      test::png_header(2, 2, PngColour::grey, 8, true) +
          test::png_data(std::string("\0\1\0\2\0\3\4", 7)),
      kProgressive,
      kGreyJpeg,
      kRestarts,
      kCmyk,
      test::jpeg_of(reinterpret_cast<const std::uint8_t*>(line.data()), 4, 5, 3, 90)};
  constexpr int kRounds = 6000;
  std::mt19937 engine(1);
  const auto below = [&](std::size_t count) { return engine() % count; };
  for (int round = 0; round < kRounds; ++round) {
    std::string file = sound[below(sound.size())];
    for (std::size_t i = below(4) + 1; i > 0; --i) {
      const std::size_t at = below(file.size());
      switch (below(4)) {
        case 0:
          file.erase(at, below(8));
          break;
        case 1:
          file.insert(at, file.substr(below(file.size()), below(16)));
          break;
        default:
          file[at] = static_cast<char>(engine());
      }
      if (file.empty()) file = "x";
    }
    if (below(4) != 0) file = test::with_sound_checksums(file);
    store(file);
    reading_error(path_, below(2) == 0 ? 1 : 3);
  }
}

}  // namespace
