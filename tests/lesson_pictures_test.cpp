// Lesson 26 on pictures of one's own: sub-folders of a class each, or the files of an image set.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/lesson_program.h"
#include "tests/support/picture_file.h"
#include "weft/build_info.h"
#include "weft/io.h"

namespace {

using namespace weft;
using test::Answer;
using test::has;
using test::put;
using test::run;
namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;

// Pictures of one colour each, in classes that are called by it.
void put_colours(const fs::path& folder) {
  constexpr int kRows = 20, kColumns = 24, kPictures = 10;
  const std::vector<std::pair<std::string, Bytes>> colours{
      {"red", {250, 20, 20}}, {"green", {20, 200, 20}}, {"deep blue", {10, 10, 120}}};
  for (const auto& [name, colour] : colours) {
    fs::create_directories(folder / name);
    for (int i = 0; i < kPictures; ++i) {
      Bytes pixels;
      for (int pixel = 0; pixel < kRows * kColumns; ++pixel)
        for (const std::uint8_t part : colour)
          pixels.push_back(static_cast<std::uint8_t>(part ^ (pixel + i) % 8));
      const std::string number = std::to_string(i);
      if (i % 2 == 0)
        put(folder / name / (number + ".png"), test::png_of(pixels.data(), kRows, kColumns, 3));
      else
        put(folder / name / (number + ".jpg"),
            test::jpeg_of(pixels.data(), kRows, kColumns, 3, 90));
    }
  }
}

TEST(OwnPictures, TrainLesson26AndAreCalledByTheirNames) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder;
  put_colours(folder / "colours");
  const Answer trained =
      run(folder.path(),
          "run 26 --smoke --quiet --epochs 20 --batch 8 --data colours --out out "
          "--device cpu",
          "PATH=/nowhere");
  ASSERT_EQ(trained.status, 0) << trained.text;
  EXPECT_TRUE(has(trained.text, "(Reported only: the data are your own.)")) << trained.text;
  const auto about = read_safetensors_metadata(folder / "out/model.safetensors");
  EXPECT_EQ(about.at("class_names"), "deep blue\ngreen\nred");
  const Answer answer =
      run(folder.path(),
          "predict 26 --model out/model.safetensors colours/red/0.png 'colours/deep blue/1.jpg'");
  ASSERT_EQ(answer.status, 0) << answer.text;
  EXPECT_TRUE(has(answer.text, "colours/red/0.png (24 x 20, resized to 16 x 16)\n  red  "))
      << answer.text;
  EXPECT_TRUE(
      has(answer.text, "colours/deep blue/1.jpg (24 x 20, resized to 16 x 16)\n  deep blue"))
      << answer.text;
}

TEST(OwnPictures, ThatCannotBeTrainedOnAreRefusedAndNothingIsWritten) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder;
  const auto expect_refused = [&](const std::string& data, const std::string& complaint) {
    const Answer answer = run(folder.path(), "run 26 --batch 4 --out out --data " + data);
    EXPECT_EQ(answer.status, 2) << answer.text;
    EXPECT_TRUE(has(answer.text, complaint)) << answer.text;
    EXPECT_FALSE(fs::exists(folder / "out"));
  };
  const std::string both =
      "either train-images-idx4-ubyte and the other three files of an image "
      "set (.gz or not), or a sub-folder of PNG or JPEG pictures";
  expect_refused("nowhere", both);
  expect_refused("nowhere", "found no folder to read: No such file");
  fs::create_directory(folder / "data");
  expect_refused("data", both);
  expect_refused("data", "found neither");
  put(folder / "data/train-images-idx4-ubyte", "no set");
  expect_refused("data", "expected a file of labels in MNIST's format");
  fs::remove(folder / "data/train-images-idx4-ubyte");
  put_colours(folder / "data");
  put(folder / "data/green/2.png", "no picture");
  expect_refused("data", "data/green/2.png, byte 0: expected a PNG or JPEG picture");
  put(folder / "data/green/2.png", test::png_header(20'000, 20'000, test::PngColour::rgb, 8));
  expect_refused("data", "data/green/2.png, byte 16: expected a picture of at most 16384 pixels");
  fs::remove(folder / "data/green/2.png");
  fs::create_directory(folder / "data/empty");
  expect_refused("data", "data/empty: expected at least 2 PNG or JPEG pictures of a class");
  fs::rename(folder / "data/empty", folder / "data/\xff\xfe");
  for (const char* name : {"0.png", "1.jpg"})
    fs::copy(folder / "data/red" / name, folder / "data/\xff\xfe" / name);
  expect_refused("data", "expected names of classes in UTF-8");
  fs::remove_all(folder / "data/\xff\xfe");
  fs::remove_all(folder / "data/green");
  fs::remove_all(folder / "data/red");
  expect_refused("data", "at least 2 classes, found only deep blue");
}

// The four files of an image set, with pictures of 1 x 1 and one label each, as 32 bits.
void put_set(const fs::path& folder, const std::string& train_label,
             const std::string& test_label) {
  const std::string one("\0\0\0\1", 4), colour("\0\0\0\3", 4);
  fs::create_directories(folder);
  for (const auto& [part, label] :
       {std::pair("train", train_label), std::pair("test", test_label)}) {
    put(folder / (std::string(part) + "-images-idx4-ubyte"),
        std::string("\0\0\x08\4", 4) + one + one + one + colour + "rgb");
    put(folder / (std::string(part) + "-labels-idx1-ubyte"),
        std::string("\0\0\x0c\1", 4) + one + label);
  }
}

TEST(OwnPictures, LabelsAndNamesThatDoNotFitAreRefused) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder;
  // Neither minutes nor gigabytes are spent on a hostile number; AddressSanitizer itself takes terabytes of addresses.
  const bool counts_addresses = !has(build_info().checks, "address");
  const std::string limits =
      std::string(counts_addresses ? "ulimit -v 4000000; " : "") + "timeout 60";
  const auto expect_refused = [&](const std::string& complaint) {
    const Answer answer =
        run(folder.path(), "run 26 --smoke --batch 1 --out out --data set", limits);
    EXPECT_EQ(answer.status, 2) << answer.text;
    EXPECT_TRUE(has(answer.text, complaint)) << answer.text;
    EXPECT_FALSE(fs::exists(folder / "out"));
  };
  const std::string zero(4, '\0'), five("\0\0\0\5", 4), most = "\x7f\xff\xff\xff",
                                                        below = "\xff\xff\xff\xff";
  put_set(folder / "set", most, zero);
  expect_refused("set: expected train labels from 0 to 999, found 2147483647 as number 1");
  put_set(folder / "set", below, zero);
  expect_refused("set: expected train labels from 0 to 999, found -1 as number 1");
  put_set(folder / "set", zero, five);
  expect_refused("set: expected test labels from 0 to 0, found 5 as number 1");
  put(folder / "set/classes.txt", "a\nb\n");
  expect_refused("set: expected test labels from 0 to 1, found 5 as number 1");
  std::string names;
  for (int i = 0; i <= 1000; ++i) names += std::to_string(i) + "\n";
  put(folder / "set/classes.txt", names);
  expect_refused("set: expected at most 1000 classes, found 1001");
  fs::remove(folder / "set/classes.txt");
  ASSERT_EQ(mkfifo((folder / "set/classes.txt").c_str(), 0666), 0);
  expect_refused("set/classes.txt: expected a regular file, found a device or a pipe");
}

}  // namespace
