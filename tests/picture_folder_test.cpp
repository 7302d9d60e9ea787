// read_picture_folder: which pictures it takes, their order and split, and what it refuses.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/picture_file.h"
#include "tests/support/temporary_folder.h"
#include "weft/error.h"
#include "weft/io.h"

namespace {

using namespace weft;
using test::put;
namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;
using Labels = std::vector<std::int32_t>;

// A picture of one grey, to be recognised by it.
std::string plain(int grey, int rows = 2, int columns = 2) {
  const Bytes pixels(static_cast<std::size_t>(rows * columns), static_cast<std::uint8_t>(grey));
  return test::png_of(pixels.data(), rows, columns, 1);
}

void put_class(const fs::path& folder, const std::string& name, int count, int first_grey) {
  fs::create_directories(folder / name);
  for (int i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    put(folder / name / (std::string(3 - number.size(), '0') + number + ".png"),
        plain(first_grey + i, 2 + i, 3));
  }
}

std::string error_of(const fs::path& folder) {
  try {
    read_picture_folder(folder, 2);
  } catch (const FileError& error) {
    return error.what();
  }
  return "";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(PictureFolder, TakesTheClassesInTurnAndEveryFifthPictureForTesting) {
  const test::TemporaryFolder folder;
  put_class(folder.path(), "dog", 7, 100);
  put_class(folder.path(), "cat", 3, 10);
  put(folder / "cat/.hidden", "no picture");
  put(folder / "notes.txt", "no picture either");
  fs::create_directory(folder / ".cache");

  const PictureClasses read = read_picture_folder(folder.path(), {2, 3}, 1);
  EXPECT_EQ(read.names, (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(read.train.labels.to_vector<std::int32_t>(), (Labels{0, 1, 0, 1, 1, 1, 1}));
  EXPECT_EQ(read.test.labels.to_vector<std::int32_t>(), (Labels{0, 1, 1}));
  EXPECT_EQ(read.train.images.shape(), (Shape{7, 2, 3, 1}));
  EXPECT_EQ(read.test.images.shape(), (Shape{3, 2, 3, 1}));
  const auto first_pixels = [](const Tensor& images) {
    const auto pixels = images.to_vector<std::uint8_t>();
    Bytes first;
    for (std::size_t i = 0; i < pixels.size(); i += 6) first.push_back(pixels[i]);
    return first;
  };
  EXPECT_EQ(first_pixels(read.train.images), (Bytes{10, 100, 12, 102, 103, 104, 105}));
  EXPECT_EQ(first_pixels(read.test.images), (Bytes{11, 101, 106}));
}

TEST(PictureFolder, ResizesByAreaAndReadsColourAndJpeg) {
  const test::TemporaryFolder folder;
  put_class(folder.path(), "a", 2, 50);
  fs::create_directory(folder / "b");
  const Bytes columns{0, 100, 200, 44};  // a row of four pixels becomes a row of two
  put(folder / "b/1.png", test::png_of(columns.data(), 1, 4, 1));
  const Bytes red(8 * 8 * 3, 200);
  put(folder / "b/2.JPG", test::jpeg_of(red.data(), 8, 8, 3, 90));
  const PictureClasses read = read_picture_folder(folder.path(), {1, 2});
  EXPECT_EQ(read.train.images.to_vector<std::uint8_t>(),
            (Bytes{50, 50, 50, 50, 50, 50, 50, 50, 50, 122, 122, 122}));
  const auto test = read.test.images.to_vector<std::uint8_t>();
  EXPECT_EQ(test[0], 51);
  EXPECT_NEAR(test[6], 200, 3);
}

TEST(PictureFolder, RefusesWhatCannotBeTrainedOn) {
  const test::TemporaryFolder folder;
  EXPECT_TRUE(has(error_of(folder / "missing"), "cannot be read as a folder"));
  put(folder / "file", "");
  EXPECT_TRUE(has(error_of(folder / "file"), "cannot be read as a folder"));
  EXPECT_TRUE(has(error_of(folder.path()), "at least 2 classes, found none"));
  put_class(folder.path(), "cats", 3, 10);
  EXPECT_TRUE(has(error_of(folder.path()), "at least 2 classes, found only cats"));
  put_class(folder.path(), "dogs", 0, 10);
  EXPECT_TRUE(has(error_of(folder.path()), (folder / "dogs").string() + ": expected at least 2"));
  put_class(folder.path(), "dogs", 1, 10);
  EXPECT_TRUE(has(error_of(folder.path()), "found 1"));
  put_class(folder.path(), "dogs", 2, 10);
  EXPECT_EQ(error_of(folder.path()), "");

  put(folder / "dogs/002.png", "a text");
  EXPECT_TRUE(has(error_of(folder.path()), (folder / "dogs/002.png").string() + ", byte 0: "));
  put(folder / "dogs/002.png", test::png_header(20'000, 20'000, test::PngColour::rgb, 8));
  EXPECT_TRUE(has(error_of(folder.path()), "002.png"));
  EXPECT_TRUE(has(error_of(folder.path()), "found 20000 x 20000"));
  fs::remove(folder / "dogs/002.png");
  fs::create_directory(folder / "dogs/002");
  EXPECT_TRUE(has(error_of(folder.path()), "002: expected a regular file, found a folder"));
}

TEST(PictureFolder, OtherSizesAndChannelsAreShapeErrors) {
  const test::TemporaryFolder folder;
  EXPECT_THROW(read_picture_folder(folder.path(), 0), ShapeError);
  EXPECT_THROW(read_picture_folder(folder.path(), -1), ShapeError);
  put_class(folder.path(), "a", 2, 1);
  put_class(folder.path(), "b", 2, 1);
  EXPECT_THROW(read_picture_folder(folder.path(), 4, 2), ShapeError);
}

TEST(ResizePictures, RoundsToBytesAndKeepsWhatFits) {
  const Tensor picture = from_values(Bytes{0, 1, 2, 4, 255, 255}, {1, 2, 3});
  EXPECT_TRUE(same_tensor(resize_pictures(picture, {2, 3}), picture));
  EXPECT_EQ(resize_pictures(picture, {1, 3}).to_vector<std::uint8_t>(), (Bytes{2, 128, 129}));
  EXPECT_EQ(resize_pictures(picture, {2, 6}).to_vector<std::uint8_t>(),
            (Bytes{0, 0, 1, 1, 2, 2, 4, 4, 255, 255, 255, 255}));
  EXPECT_THROW(resize_pictures(zeros({1, 2, 3}), 2), ShapeError);
  EXPECT_THROW(resize_pictures(zeros({2, 3}, DType::uint8), 2), ShapeError);
}

}  // namespace
