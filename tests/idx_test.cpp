// read_idx and read_labelled_images: sound files, and every way in which we could think of damaging one.

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "tests/support/data_folder.h"
#include "tests/support/temporary_folder.h"
#include "weft/error.h"
#include "weft/io.h"

namespace {

using namespace weft;
using test::get;
using test::put;
namespace fs = std::filesystem;

const fs::path kMnist = test::data_folder() / "mnist";

std::string big_endian(std::uint32_t x) {
  return {static_cast<char>(x >> 24), static_cast<char>(x >> 16), static_cast<char>(x >> 8),
          static_cast<char>(x)};
}

std::string idx(int type, const std::vector<std::uint32_t>& extents, const std::string& elements) {
  std::string file{'\0', '\0', static_cast<char>(type), static_cast<char>(extents.size())};
  for (const std::uint32_t extent : extents) file += big_endian(extent);
  return file + elements;
}

std::string little_endian(std::uint32_t x) {
  const std::string b = big_endian(x);
  return {b.rbegin(), b.rend()};
}

// gzip with stored blocks, which needs no compressor.
std::string gzip(const std::string& content) {
  std::uint32_t crc = ~0u;
  for (const char c : content) {
    crc ^= static_cast<std::uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1)));
  }
  std::string file("\x1f\x8b\x08\0\0\0\0\0\0\3", 10);
  for (std::size_t at = 0; at == 0 || at < content.size(); at += 60000) {
    const std::string block = content.substr(at, 60000);
    const auto size = static_cast<std::uint32_t>(block.size());
    file += at + 60000 >= content.size() ? '\1' : '\0';
    file += little_endian(size | ~size << 16) + block;
  }
  return file + little_endian(~crc) + little_endian(static_cast<std::uint32_t>(content.size()));
}

std::string reading_error(const fs::path& path) {
  try {
    read_idx(path);
  } catch (const FileError& error) {
    return error.what();
  }
  return "";
}

void expect_refused(const fs::path& path, const std::string& content,
                    const std::string& complaint) {
  put(path, content);
  const std::string error = reading_error(path);
  EXPECT_NE(error.find(complaint), std::string::npos) << "got: " << error;
  EXPECT_EQ(error.rfind(path.string(), 0), 0u)
      << "expected the absolute path first, got: " << error;
}

TEST(Idx, ReadsBytesAndInts) {
  const test::TemporaryFolder folder;
  put(folder / "bytes", idx(0x08, {2, 3}, "\1\2\3\4\5\xff"));
  const Tensor bytes = read_idx(folder / "bytes");
  EXPECT_EQ(bytes.shape(), (Shape{2, 3}));
  EXPECT_EQ(bytes.to_vector<std::uint8_t>(), (std::vector<std::uint8_t>{1, 2, 3, 4, 5, 255}));

  put(folder / "ints", idx(0x0c, {2}, big_endian(1000) + big_endian(0xfffffffe)));
  EXPECT_EQ(read_idx(folder / "ints").to_vector<std::int32_t>(),
            (std::vector<std::int32_t>{1000, -2}));
}

TEST(Idx, ReadsGzipAlike) {
  const test::TemporaryFolder folder;
  std::string elements(150'000, '\0');
  for (std::size_t i = 0; i < elements.size(); ++i) elements[i] = static_cast<char>(i % 251);
  const std::string plain = idx(0x08, {150, 1000}, elements);
  put(folder / "plain", plain);
  put(folder / "one", gzip(plain));
  put(folder / "joined", gzip(plain.substr(0, 9)) + gzip("") + gzip(plain.substr(9)));
  const auto expected = read_idx(folder / "plain").to_vector<std::uint8_t>();
  EXPECT_EQ(std::string(expected.begin(), expected.end()), elements);
  EXPECT_EQ(read_idx(folder / "one").to_vector<std::uint8_t>(), expected);
  EXPECT_EQ(read_idx(folder / "joined").to_vector<std::uint8_t>(), expected);
}

TEST(Idx, ReadsEmptyTensors) {
  const test::TemporaryFolder folder;
  for (const std::string& content : {idx(8, {0, 28, 28}, ""), gzip(idx(8, {0, 28, 28}, ""))}) {
    put(folder / "empty", content);
    EXPECT_EQ(read_idx(folder / "empty").shape(), (Shape{0, 28, 28}));
  }
}

TEST(Idx, RefusesWrongHeaders) {
  const test::TemporaryFolder folder;
  const fs::path path = folder / "x";
  expect_refused(path, "", "byte 0: expected 4 bytes of IDX header");
  expect_refused(path, "GIF8\1\0",
                 "byte 0: expected the two zero bytes of an IDX header, found 47 49");
  expect_refused(path, idx(0x0d, {1}, "1234"), "byte 2: expected element type 08");
  expect_refused(path, idx(0x08, {}, "1"), "byte 3: expected 1 to 6 dimensions, found 0");
  expect_refused(path, idx(0x08, {1, 1, 1, 1, 1, 1, 1}, "1"), "found 7");
  expect_refused(path, idx(0x08, {2, 2}, "123"), "byte 12: expected 4 bytes of elements");
  expect_refused(path, idx(0x08, {2, 2}, "12345"), "found 5 bytes");
  expect_refused(path, idx(0x0c, {2}, "1234567"), "expected 8 bytes of elements");
  expect_refused(path, gzip(idx(0x08, {2, 2}, "123")), "byte 15: expected 4 bytes of elements");
  expect_refused(path, gzip(idx(0x08, {2, 2}, "12345")), "byte 16: expected the end of the data");
  expect_refused(path, gzip(idx(0x08, {4}, "1234")) + "junk", "expected sound gzip data");
}

TEST(Idx, AllocatesNothingForHostileDimensions) {
  const test::TemporaryFolder folder;
  constexpr std::uint32_t kMost = 0xffffffff;
  for (const auto& extents :
       std::vector<std::vector<std::uint32_t>>{{kMost},
                                               {kMost, kMost},
                                               {kMost, kMost, kMost},
                                               {kMost, kMost, kMost, kMost, kMost, kMost},
                                               {65536, 65536, 65536, 65536},
                                               {0, kMost, kMost, kMost},
                                               {kMost, kMost, kMost, 0},
                                               {0x80000000, 0x80000000, 2},
                                               {1 << 20, 1 << 20}}) {
    for (const int type : {0x08, 0x0c}) {
      const std::string content = idx(type, extents, "some elements");
      for (const std::string& file : {content, gzip(content)}) {
        put(folder / "hostile", file);
        EXPECT_NE(reading_error(folder / "hostile"), "");
      }
    }
  }
}

TEST(Idx, RefusesWhatIsNoRegularFile) {
  const test::TemporaryFolder folder;
  EXPECT_NE(reading_error(folder / "missing").find("No such file"), std::string::npos);
  EXPECT_NE(reading_error(folder.path()).find("expected a regular file, found a folder"),
            std::string::npos);
  EXPECT_NE(reading_error("/dev/zero").find("found a device"), std::string::npos);
}

TEST(Idx, SurvivesEveryTruncation) {
  const test::TemporaryFolder folder;
  const std::string plain = idx(0x08, {3, 4, 5}, std::string(60, 'x'));
  const std::string deflated = get(kMnist / "t10k-labels-idx1-ubyte.gz");
  ASSERT_GT(deflated.size(), 4000u);
  for (const std::string& whole : {plain, gzip(plain), deflated}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      put(folder / "cut", whole.substr(0, size));
      ASSERT_NE(reading_error(folder / "cut"), "") << size << " of " << whole.size() << " bytes";
    }
  }
}

// A flipped bit in the elements of a plain file is data like any other; everywhere else, and anywhere
// behind a checksum, it must be refused or change nothing.
TEST(Idx, SurvivesEveryBitFlip) {
  const test::TemporaryFolder folder;
  const std::string plain = idx(0x08, {3, 4, 5}, std::string(60, 'x'));
  const std::string zipped = gzip(plain);
  int refused = 0;
  for (const std::string& whole : {plain, zipped}) {
    for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
      std::string flipped = whole;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
      put(folder / "flipped", flipped);
      try {
        const Tensor x = read_idx(folder / "flipped");
        EXPECT_EQ(x.shape(), (Shape{3, 4, 5}));
        if (whole == zipped) {
          EXPECT_EQ(x.to_vector<std::uint8_t>(), std::vector<std::uint8_t>(60, 'x'));
        }
      } catch (const FileError&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 8 * 16 + 8 * 60);  // at least the plain header and the zipped elements
}

TEST(Idx, SurvivesRandomBytes) {
  const test::TemporaryFolder folder;
  std::mt19937 engine(1);
  const auto random = [&] { return static_cast<std::uint32_t>(engine()); };
  const std::string deflated = get(kMnist / "t10k-labels-idx1-ubyte.gz");
  for (int round = 0; round < 2000; ++round) {
    std::string content = round % 2 == 0 ? deflated : idx(8, {random(), random() % 4}, "");
    if (round % 2 == 0) {
      for (std::uint32_t i = random() % 4 + 1; i > 0; --i)
        content[random() % content.size()] = static_cast<char>(random());
    } else {
      for (std::uint32_t i = random() % 64; i > 0; --i) content += static_cast<char>(random());
      if (random() % 2 == 0) content[random() % content.size()] = static_cast<char>(random());
    }
    put(folder / "random", content);
    reading_error(folder / "random");  // FileError or a tensor; anything else ends the test
  }
}

TEST(LabelledImages, TakesEverySpelling) {
  const std::string images = idx(8, {2, 1, 3}, "abcdef"), labels = idx(8, {2}, "\1\2");
  for (const std::string separator : {"-", "."}) {
    for (const std::string split : {"t10k", "test"}) {
      for (const bool zip : {false, true}) {
        const test::TemporaryFolder folder;
        const std::string end = std::string("-ubyte") + (zip ? ".gz" : "");
        put(folder / (split + "-images" + separator + "idx3" + end), zip ? gzip(images) : images);
        put(folder / (split + "-labels" + separator + "idx1" + end), zip ? gzip(labels) : labels);
        const LabelledImages read = read_labelled_images(folder.path(), "t10k");
        EXPECT_EQ(read.images.shape(), (Shape{2, 1, 3}));
        EXPECT_EQ(read.labels.to_vector<std::int32_t>(), (std::vector<std::int32_t>{1, 2}));
      }
    }
  }
}

TEST(LabelledImages, NamesEveryPathTried) {
  const test::TemporaryFolder folder;
  try {
    read_labelled_images(folder.path(), "train");
    FAIL() << "nothing is there to be read";
  } catch (const FileError& error) {
    const std::string text = error.what();
    for (const char* name : {"train-images-idx3-ubyte", "train-images-idx3-ubyte.gz",
                             "train-images.idx3-ubyte", "train-images.idx3-ubyte.gz"})
      EXPECT_NE(text.find((folder / name).string() + "\n"), std::string::npos) << text;
  }
}

TEST(LabelledImages, RefusesWhatDoesNotBelongTogether) {
  const test::TemporaryFolder folder;
  const auto error = [&] {
    try {
      read_labelled_images(folder.path(), "train");
    } catch (const FileError& refused) {
      return std::string(refused.what());
    }
    return std::string();
  };
  put(folder / "train-images-idx3-ubyte", idx(8, {2, 1, 3}, "abcdef"));
  EXPECT_NE(error().find("found none of"), std::string::npos);
  put(folder / "train-labels-idx1-ubyte", idx(8, {3}, "\1\2\3"));
  EXPECT_NE(error().find("expected a label for each of the 2 pictures"), std::string::npos);
  put(folder / "train-labels-idx1-ubyte", idx(8, {2, 1}, "\1\2"));
  EXPECT_NE(error().find("expected labels in one dimension, found [2, 1]"), std::string::npos);
  put(folder / "train-images-idx3-ubyte", idx(8, {0, 28, 28}, ""));
  put(folder / "train-labels-idx1-ubyte", idx(8, {0}, ""));
  EXPECT_NE(error().find("expected at least one picture"), std::string::npos);
  put(folder / "train-images-idx3-ubyte", idx(8, {2}, "ab"));
  EXPECT_NE(error().find("expected pictures"), std::string::npos);
}

TEST(LabelledImages, ReadsMnist) {
  const LabelledImages test = read_labelled_images(kMnist, "t10k");
  EXPECT_EQ(test.images.shape(), (Shape{10000, 28, 28}));
  const auto labels = test.labels.to_vector<std::int32_t>();
  EXPECT_EQ((std::vector<std::int32_t>(labels.begin(), labels.begin() + 5)),
            (std::vector<std::int32_t>{7, 2, 1, 0, 4}));
}

}  // namespace
