// Pictures, confusion matrices, and the colours of all figures.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <iterator>

#include "src/figures/script.h"
#include "tests/support/error.h"
#include "tests/support/figures.h"
#include "weft/error.h"
#include "weft/figures.h"

namespace {

using namespace weft;
using namespace weft::test;

Picture filled(int rows, int columns, float value, const std::string& caption = "") {
  return {.pixels = std::vector<float>(static_cast<std::size_t>(rows * columns), value),
          .rows = rows,
          .columns = columns,
          .caption = caption};
}

Picture coloured(int rows, int columns, const std::array<float, 3>& rgb) {
  Picture picture{.pixels = {}, .rows = rows, .columns = columns, .channels = 3};
  for (int i = 0; i < rows * columns; ++i)
    picture.pixels.insert(picture.pixels.end(), rgb.begin(), rgb.end());
  return picture;
}

class FiguresOfPictures : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_gnuplot()) GTEST_SKIP() << "gnuplot is not installed";
  }
  Png drawn(const std::vector<PictureGroup>& groups, Palette palette, bool side_by_side = false) {
    return read(
        save_pictures({folder_.path(), "pictures", kOddText, ""}, groups, palette, side_by_side));
  }
  static Png read(const SavedFigure& figure) {
    EXPECT_EQ(figure.problem, "");
    return figure.problem.empty() ? read_png(get(figure.picture)) : Png{};
  }
  TemporaryFolder folder_;
};

TEST_F(FiguresOfPictures, HaveTheirColours) {
  // 280 x 280 pixels of the figure each; what lies outside 0..1 is clamped.
  const Png png =
      drawn({{"", {coloured(4, 4, {1, 0.5f, 0}), coloured(1, 1, {-3, 9, NAN})}}}, Palette::grey);
  EXPECT_NEAR(png.count("#ff8000"), 280 * 280, 3000);
  EXPECT_GT(png.count("#00ff00"), 5000);  // a smaller picture, but not as small as its pixel
  const Png mixed =
      drawn({{"", {coloured(8, 8, {0, 1, 1}), filled(8, 8, -2)}}}, Palette::diverging);
  EXPECT_NEAR(mixed.count("#00ffff"), 280 * 280, 3000);
  EXPECT_NEAR(mixed.count("#1d4ed8"), 280 * 280, 3000);  // the lowest value of all
}

TEST_F(FiguresOfPictures, ClampGrey) {
  const Png png = drawn({{"", {filled(3, 3, 7), filled(3, 3, 1)}}}, Palette::grey);
  EXPECT_NEAR(png.count("#111827"), 2 * 280 * 280, 6000);
  EXPECT_LT(drawn({{"", {filled(3, 3, -7)}}}, Palette::grey).count("#111827"), 3000);
}

TEST_F(FiguresOfPictures, HaveScalesOfTheirOwn) {
  const PictureGroup weak{"weak", {filled(3, 3, 0.01f)}, 5, true},
      strong{"strong", {filled(3, 3, 100)}, 5, true};
  for (const bool side_by_side : {false, true}) {
    const Png png = drawn({weak, strong}, Palette::diverging, side_by_side);
    EXPECT_NEAR(png.count("#c81e1e"), 2 * 280 * 280, 8000);
  }
  PictureGroup grey{"grey", {some_picture(40)}, 5, true};
  drawn({grey, {"none", {}, 5, true}, {"colour", {coloured(2, 2, {1, 0, 0})}, 5, true}},
        Palette::grey);
}

TEST_F(FiguresOfPictures, ShowNumbersOfEveryLength) {
  Picture picture = filled(2, 3, 0);
  picture.pixels = {0, -1, 0.25f, -123.456f, 12.34f, NAN};
  picture.numbers = true;
  const SavedFigure figure =
      save_pictures({folder_.path(), "numbers", "", ""}, {{"", {picture}}}, Palette::diverging);
  read(figure);
  for (const char* number : {"'0'", "'−1'", "'0.25'", "'−123'", "'12.3'"})
    EXPECT_NE(get(figure.script).find(number), std::string::npos) << number;
  EXPECT_EQ(get(figure.script).find("label 'NaN'"), std::string::npos);
}

TEST_F(FiguresOfPictures, FitWhateverIsInThem) {
  const auto group = [](int count, const Picture& picture, int per_row) {
    return PictureGroup{kOddText, std::vector<Picture>(static_cast<std::size_t>(count), picture),
                        per_row};
  };
  const Png kernels =
      drawn({group(16, filled(5, 5, 1), 16), group(32, filled(5, 5, -1), 16)}, Palette::diverging);
  EXPECT_EQ(kernels.width, 1280);
  EXPECT_LT(kernels.height, 600);
  Picture face = coloured(64, 64, {0, 1, 0});
  face.caption = "a long name of it\nand another one";
  const Png faces = drawn({group(64, face, 8)}, Palette::grey);
  EXPECT_LT(faces.height, 1700);
  EXPECT_NEAR(faces.count("#00ff00"), 64 * 112 * 112, 64 * 112 * 8);
  EXPECT_LT(drawn({{"", {}}}, Palette::diverging).height, 250);
  drawn({group(2, filled(1, 9, 1), 2), group(1, filled(28, 28, 1), 1), group(0, face, 3),
         group(3, filled(30, 2, 1), 3)},
        Palette::diverging, true);
}

TEST(FiguresOfPicturesTables, HoldAllChannels) {
  const TemporaryFolder folder;
  const OtherGnuplot none;
  const SavedFigure figure =
      save_pictures({folder.path(), "pictures", "", ""},
                    {{"g", {coloured(1, 1, {0.5f, 1, 0}), filled(1, 2, 3, "c")}}}, Palette::grey);
  EXPECT_EQ(get(figure.table),
            "group,picture,caption,row,column,value,green,blue\n"
            "g,1,,1,1,0.5,1,0\ng,2,c,1,1,3,,\ng,2,c,1,2,3,,\n");
}

TEST(FiguresOfPicturesErrors, SayWhatIsWrong) {
  const TemporaryFolder folder;
  const auto error = [&](const Picture& picture) {
    return error_of<ShapeError>([&] {
      save_pictures({folder.path(), "x", "", ""}, {{"", {picture}}}, Palette::grey);
    });
  };
  Picture picture = filled(2, 2, 1);
  picture.channels = 2;
  EXPECT_EQ(error(picture), "save_pictures: expected 1 or 3 channels, got 2");
  picture.channels = 3;
  EXPECT_EQ(error(picture), "save_pictures: expected 2 x 2 x 3 values, got 4");
  EXPECT_EQ(error(filled(0, 2, 1)), "save_pictures: expected 0 x 2 pixels, got 0");
  picture = coloured(2, 2, {0, 0, 0});
  picture.numbers = true;
  EXPECT_EQ(
      error(picture),
      "save_pictures: expected numbers in a picture in one channel of at most 32 x 32 pixels, "
      "got 2 x 2 in 3");
  picture = filled(33, 2, 1);
  picture.numbers = true;
  EXPECT_EQ(
      error(picture),
      "save_pictures: expected numbers in a picture in one channel of at most 32 x 32 pixels, "
      "got 33 x 2 in 1");
  EXPECT_TRUE(folder.is_empty());
}

TEST_F(FiguresOfPictures, NameTheClassesOfConfusionMatrices) {
  const auto matrix = [&](std::size_t count, const std::string& name) {
    const SavedFigure figure =
        save_confusion_matrix({folder_.path(), "matrix", "", ""}, std::vector(count, name),
                              std::vector<std::int64_t>(count * count, 1));
    EXPECT_EQ(read(figure).height, 760);
    return get(figure.script);
  };
  EXPECT_EQ(matrix(10, "7").find("rotate by 35"), std::string::npos);
  const std::string name(12, 'M');  // as wide as one gets
  const std::string script = matrix(8, name), label = figures::text(name) + " at screen ";
  EXPECT_NE(script.find("rotate by 35"), std::string::npos);
  const double end = figures::kWidth * std::stod(script.substr(script.find(label) + label.size()));
  EXPECT_GT(end - figures::text_width(name, figures::kFont), 60);  // right of "true class"
  matrix(30, "a");
}

using Lab = std::array<double, 3>;

// How a colour looks to an eye, given by what it makes of linear red, green and blue.
Lab seen(const std::string& colour, const double (&eye)[3][3]) {
  constexpr double kXyz[3][3] = {
      {0.4124, 0.3576, 0.1805}, {0.2126, 0.7152, 0.0722}, {0.0193, 0.1192, 0.9505}};
  std::array<double, 3> linear{}, light{}, f{};
  for (std::size_t i = 0; i < 3; ++i) {
    const double c = std::stoi(colour.substr(1 + 2 * i, 2), nullptr, 16) / 255.0;
    linear[i] = c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  }
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j) light[i] += eye[i][j] * linear[j];
  for (std::size_t i = 0; i < 3; ++i) {
    double xyz = 0, white = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      xyz += kXyz[i][j] * std::min(1.0, std::max(0.0, light[j]));
      white += kXyz[i][j];
    }
    f[i] = xyz / white > 0.008856 ? std::cbrt(xyz / white) : 7.787 * xyz / white + 16.0 / 116;
  }
  return {116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])};
}

TEST(FiguresColours, StayApartForAllEyes) {
  struct Eye {
    const char* name;
    double apart;  // as colours.h states
    double matrix[3][3];
  };
  const Eye eyes[] = {{"all cones", 36, {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
                      {"no red cones",
                       22,
                       {{0.152286, 1.052583, -0.204868},
                        {0.114503, 0.786281, 0.099216},
                        {-0.003882, -0.048116, 1.051998}}},
                      {"no green cones",
                       23,
                       {{0.367322, 0.860646, -0.227968},
                        {0.280085, 0.672501, 0.047413},
                        {-0.011820, 0.042940, 0.968881}}},
                      {"no blue cones",
                       19,
                       {{1.255528, -0.076749, -0.178779},
                        {-0.078411, 0.930809, 0.147602},
                        {0.004733, 0.691367, 0.303900}}}};
  for (const Eye& eye : eyes)
    for (const char* a : figures::kColours)
      for (const char* b : figures::kColours) {
        if (a == b) continue;
        const Lab p = seen(a, eye.matrix), q = seen(b, eye.matrix);
        EXPECT_GE(std::hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]), eye.apart)
            << a << " and " << b << " with " << eye.name;
      }
}

}  // namespace
