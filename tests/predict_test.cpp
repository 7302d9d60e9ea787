// weft-lessons predict as a user meets it: pictures that a model has not seen, and what it refuses.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/data_folder.h"
#include "tests/support/lesson_program.h"
#include "tests/support/picture_file.h"
#include "weft/device.h"
#include "weft/io.h"

namespace {

using namespace weft;
using test::Answer;
using test::has;
using test::put;
using test::run;
namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;

constexpr std::int64_t kSide = 28, kPixels = kSide * kSide;

const LabelledImages& digits() {
  static const LabelledImages kDigits = read_labelled_images(test::data_folder() / "mnist", "t10k");
  return kDigits;
}

Bytes digit(std::int64_t i) {
  const std::uint8_t* const pixels = digits().images.data<std::uint8_t>() + i * kPixels;
  return {pixels, pixels + kPixels};
}

int label(std::int64_t i) { return digits().labels.data<std::int32_t>()[i]; }

// Black ink on white, each pixel a square of `factor` x `factor`, and red green blue: like a scan.
Bytes scan(const Bytes& pixels, std::int64_t factor) {
  Bytes result;
  for (std::int64_t row = 0; row < kSide * factor; ++row)
    for (std::int64_t column = 0; column < kSide * factor; ++column)
      result.insert(
          result.end(), 3,
          static_cast<std::uint8_t>(
              255 - pixels[static_cast<std::size_t>(row / factor * kSide + column / factor)]));
  return result;
}

class Predict : public testing::Test {
 protected:
  // One smoke run of 04 and 08 for all tests.
  static void SetUpTestSuite() {
    if (!test::is_built()) return;
    models_ = std::make_unique<test::TemporaryFolder>();
    for (const char* lesson : {"04", "08"}) {
      const Answer answer =
          run(models_->path(),
              std::string("run ") + lesson + " --smoke --out " + lesson + " --device cpu --quiet",
              "PATH=/nowhere");
      ASSERT_EQ(answer.status, 0) << answer.text;
    }
  }
  static void TearDownTestSuite() { models_.reset(); }

  void SetUp() override { SKIP_UNLESS_BUILT(); }

  static fs::path model(const std::string& lesson) {
    return models_->path() / lesson / "model.safetensors";
  }
  Answer predict(const std::string& lesson, const fs::path& file, const std::string& rest) {
    return run(folder_.path(), "predict " + lesson + " --model " + file.string() + " " + rest);
  }
  void expect_refused(const std::string& arguments, const std::string& complaint) {
    const Answer answer = run(folder_.path(), arguments);
    EXPECT_EQ(answer.status, 2) << arguments << "\n" << answer.text;
    EXPECT_TRUE(has(answer.text, complaint)) << arguments << "\n" << answer.text;
  }

  test::TemporaryFolder folder_;

 private:
  static std::unique_ptr<test::TemporaryFolder> models_;
};

std::unique_ptr<test::TemporaryFolder> Predict::models_;

// The class on the first line below each picture's name.
std::vector<std::string> answers(const std::string& text) {
  std::vector<std::string> found;
  bool is_next = false;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (is_next) found.push_back(line.substr(2, line.find(' ', 2) - 2));
    is_next = line.front() != ' ';
  }
  return found;
}

TEST_F(Predict, ReadsDigitsThatItHasNotSeen) {
  constexpr std::int64_t kCount = 40;
  std::string names;
  for (std::int64_t i = 0; i < kCount; ++i) {
    const std::string name = std::to_string(i) + ".png";
    put(folder_ / name, test::png_of(digit(i).data(), kSide, kSide, 1));
    names += name + " ";
  }
  const Answer answer = predict("04", model("04"), names);
  ASSERT_EQ(answer.status, 0) << answer.text;
  EXPECT_EQ(answer.text.rfind("0.png (28 x 28)\n  7 ", 0), 0u) << answer.text;
  EXPECT_FALSE(has(answer.text, "inverted"));
  const auto found = answers(answer.text);
  ASSERT_EQ(found.size(), static_cast<std::size_t>(kCount));
  int right = 0;
  for (std::int64_t i = 0; i < kCount; ++i)
    right += found[static_cast<std::size_t>(i)] == std::to_string(label(i));
  EXPECT_GT(right, kCount * 7 / 10);
}

TEST_F(Predict, InvertsAndResizesScansAndGivesTheSameAnswer) {
  put(folder_ / "ink.png", test::png_of(digit(0).data(), kSide, kSide, 1));
  put(folder_ / "scan.png", test::png_of(scan(digit(0), 3).data(), 3 * kSide, 3 * kSide, 3));
  put(folder_ / "photo.jpg", test::jpeg_of(scan(digit(0), 3).data(), 3 * kSide, 3 * kSide, 3, 95));
  for (const char* lesson : {"04", "08"}) {
    const Answer answer = predict(lesson, model(lesson), "ink.png scan.png photo.jpg");
    ASSERT_EQ(answer.status, 0) << answer.text;
    const std::string note =
        " (84 x 84, resized to 28 x 28, inverted: its border is brighter than its middle)\n";
    const std::size_t ink = answer.text.find('\n'), next = answer.text.find("scan.png" + note),
                      photo = answer.text.find("photo.jpg" + note);
    ASSERT_NE(next, std::string::npos) << answer.text;
    ASSERT_NE(photo, std::string::npos) << answer.text;
    const std::size_t scan_at = answer.text.find('\n', next);
    EXPECT_EQ(answer.text.substr(ink, next - ink - 1),
              answer.text.substr(scan_at, photo - scan_at - 1));
    const auto found = answers(answer.text);
    EXPECT_EQ(found[0], found[2]);
  }
}

TEST_F(Predict, TheGpuSaysTheSame) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  put(folder_ / "a.png", test::png_of(digit(0).data(), kSide, kSide, 1));
  for (const char* lesson : {"04", "08"})
    EXPECT_EQ(predict(lesson, model(lesson), "a.png --device gpu:0").text,
              predict(lesson, model(lesson), "a.png --device cpu").text);
}

TEST_F(Predict, TakesAModelThatFitsWhicheverLessonMadeIt) {
  put(folder_ / "a.png", test::png_of(digit(0).data(), kSide, kSide, 1));
  const fs::path regression = model("08").parent_path() / "softmax_regression.safetensors";
  EXPECT_EQ(predict("04", regression, "a.png").status, 0);
  // Without metadata: the sizes of MNIST.
  save_safetensors(folder_ / "plain", load_safetensors(model("04")));
  EXPECT_EQ(predict("04", folder_ / "plain", "a.png").text,
            predict("04", model("04"), "a.png").text);
  const auto about = read_safetensors_metadata(model("04"));
  EXPECT_EQ(about.at("lesson"), "04_softmax_mnist");
  EXPECT_EQ(about.at("rows") + about.at("columns") + about.at("channels") + about.at("classes"),
            "2828110");
}

TEST_F(Predict, RefusesModelsThatDoNotFit) {
  put(folder_ / "a.png", test::png_of(digit(0).data(), kSide, kSide, 1));
  const auto refused = [&](const std::string& lesson, const fs::path& file,
                           const std::string& complaint) {
    expect_refused("predict " + lesson + " --model " + file.string() + " a.png", complaint);
  };
  refused("04", model("08"),
          "model.safetensors: expected the tensor \"0.weight\" [10, 784] of the network of "
          "04_softmax_mnist, found [100, 784]; it is a model of 08_mnist_hidden_layer: use "
          "weft-lessons predict 08_mnist_hidden_layer, or train one with weft-lessons run 04");
  refused("08", model("04"), "expected the tensor \"0.weight\" [100, 784]");
  refused("01", model("04"), "expected a lesson whose model reads pictures (04_softmax_mnist, ");
  refused("04", "missing.safetensors", "missing.safetensors: cannot be opened: No such file");
  refused("04", folder_.path(), "expected a regular file, found a folder");
  refused("04", folder_ / "a.png", "a.png, byte 0: expected a header of at most ");

  const auto tensors = load_safetensors(model("04"));
  const auto with = [&](const std::map<std::string, std::string>& about) {
    save_safetensors(folder_ / "changed", tensors, about);
    return folder_ / "changed";
  };
  refused("04", with({{"rows", "16"}, {"columns", "16"}}),
          "expected the tensor \"0.weight\" [10, 256]");
  refused("04", with({{"rows", "0"}}), "expected a number from 1 to 1024 as \"rows\"");
  refused("04", with({{"rows", "999999999999999999999"}}), "as \"rows\" in the metadata");
  refused("04", with({{"channels", "3"}}), "expected a model of pictures in 1 channels, found 3");
  refused("04", with({{"class_names", "a\nb"}}), "a name for each of 10 classes");
  for (const char* names : {"\x1b[2Ja\nb\nc\nd\ne\nf\ng\nh\ni\nj", "a\n\nc\nd\ne\nf\ng\nh\ni\nj"})
    refused("04", with({{"class_names", names}}), "expected names of classes in UTF-8");
  refused("04", with({{"rows", "1024"}, {"columns", "1024"}, {"classes", "1000"}}),
          "with a product of at most 67108864 in the metadata, found 1048576 and 1000");
  auto more = tensors;
  more.emplace_back("2.weight", zeros({3}));
  save_safetensors(folder_ / "more", more);
  refused("04", folder_ / "more", "found one more of [3]");
  auto infinite = tensors;
  infinite[1].second.data<float>()[0] = INFINITY;
  save_safetensors(folder_ / "infinite", infinite);
  refused("04", folder_ / "infinite", "expected a model that gives numbers");
}

TEST_F(Predict, RefusesBadInputAndPicturesAndWritesNothing) {
  const std::string with_model = "predict 04 --model " + model("04").string() + " ";
  expect_refused("predict", "predict: expected the lesson of the model, found none");
  expect_refused("predict 99 --model x y", "found \"99\"");
  expect_refused("predict 04 a.png", "--model: expected the file of a trained model, found none");
  expect_refused("predict 04 --model '' a.png", "--model: expected the file");
  expect_refused(with_model, "expected a PNG or JPEG picture or several, found none");
  expect_refused(with_model + "--devise cpu", "did you mean --device?");
  expect_refused(with_model + "a.png --device cuda", "--device: expected auto, cpu, gpu or gpu:N");
  expect_refused(with_model + "a.png --device gpu:99", "that is there");
  expect_refused(with_model + "nothing.png", "nothing.png: cannot be opened");
  expect_refused(with_model + ".", "expected a regular file, found a folder");
  EXPECT_TRUE(folder_.is_empty());

  put(folder_ / "good.png", test::png_of(digit(0).data(), kSide, kSide, 1));
  put(folder_ / "text.png", "no picture");
  put(folder_ / "large.png", test::png_header(20'000, 20'000, test::PngColour::rgb, 8));
  expect_refused(with_model + "good.png text.png",
                 "text.png, byte 0: expected a PNG or JPEG picture");
  expect_refused(with_model + "large.png", "found 20000 x 20000");
  EXPECT_FALSE(has(run(folder_.path(), with_model + "good.png text.png").text, "good.png ("))
      << "nothing is said before all pictures are read";
}

// Convolutional networks, with batch norm's running values, and classes with names.

TEST(PredictPictures, OfLessons24And25) {
  SKIP_UNLESS_BUILT();
  const test::TemporaryFolder folder;
  constexpr std::int64_t kCount = 30;
  std::string names;
  for (std::int64_t i = 0; i < kCount; ++i) {
    const std::string name = std::to_string(i) + ".png";
    put(folder / name, test::png_of(digit(i).data(), kSide, kSide, 1));
    names += " " + name;
  }
  for (const char* lesson : {"24", "25"}) {
    const std::string of(lesson), file = of + "/model.safetensors";
    const Answer trained = run(
        folder.path(), "run " + of + " --smoke --quiet --device cpu --out " + of, "PATH=/nowhere");
    ASSERT_EQ(trained.status, 0) << trained.text;
    bool has_running_values = false;
    for (const auto& [name, tensor] : load_safetensors(folder / file))
      has_running_values = has_running_values || has(name, "running_var");
    EXPECT_EQ(has_running_values, of == "25");
    const Answer answer = run(folder.path(), "predict " + of + " --model " + file + names);
    ASSERT_EQ(answer.status, 0) << answer.text;
    EXPECT_TRUE(has(answer.text, "0.png (28 x 28, resized to 16 x 16)\n")) << answer.text;
    const auto found = answers(answer.text);
    int right = 0;
    for (std::int64_t i = 0; i < kCount; ++i)
      right += found[static_cast<std::size_t>(i)] == std::to_string(label(i));
    EXPECT_GT(right, kCount / 4) << "guessing gets a tenth";
  }
  EXPECT_TRUE(has(run(folder.path(), "predict 24 --model 25/model.safetensors 0.png").text,
                  "it is a model of 25_cnn_batches: use weft-lessons predict 25_cnn_batches"));
}

}  // namespace
