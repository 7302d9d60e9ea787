#pragma once

// What the tests of figures draw, and where.

#include <cmath>
#include <cstdlib>
#include <string>

#include "tests/support/png.h"
#include "tests/support/temporary_folder.h"
#include "weft/figures.h"

namespace weft::test {

inline bool has_gnuplot() { return std::system("gnuplot --version > /dev/null 2>&1") == 0; }

/// What the program finds as gnuplot until the end of the scope: this script, or nothing.
class OtherGnuplot {
 public:
  explicit OtherGnuplot(const std::string& script = "") : before_(std::getenv("PATH")) {
    if (!script.empty()) {
      put(folder_ / "gnuplot", "#!/bin/sh\n" + script + "\n");
      std::filesystem::permissions(folder_ / "gnuplot", std::filesystem::perms::owner_all);
    }
    setenv("PATH", folder_.path().c_str(), 1);
  }
  ~OtherGnuplot() { setenv("PATH", before_.c_str(), 1); }
  OtherGnuplot(const OtherGnuplot&) = delete;
  OtherGnuplot& operator=(const OtherGnuplot&) = delete;

 private:
  std::string before_;
  TemporaryFolder folder_;
};

/// Text with everything in it that means something to gnuplot.
inline const std::string kOddText =
    "it's 100 % {odd}_text^2 @home & \\ ~ \"quoted\" $x `y` é\nline";

inline Chart some_chart() {
  Curve curve{.name = "loss", .x = {}, .y = {}, .smoothing = 3};
  for (int i = 0; i < 20; ++i) {
    curve.x.push_back(i);
    curve.y.push_back(i == 7 ? NAN : 1.0 / (1 + i));
  }
  return {.title = "a chart", .x_label = "step", .y_label = "loss", .curves = {curve}};
}

inline Field some_field(float height = 1) {
  Field field{-1, 1, 0, 2, 4, 3, {}};
  for (int i = 0; i < 12; ++i) field.values.push_back(height * static_cast<float>(i) / 12);
  return field;
}

inline Chart some_regions(float height = 1) {
  Curve zeros{.name = "0", .x = {-0.5}, .y = {0.5}, .points = true, .line = false};
  return {.title = "a, b",
          .x_label = "x",
          .y_label = "y",
          .curves = {zeros},
          .regions = some_field(height)};
}

inline Picture some_picture(float sign = 1) {
  Picture picture{.pixels = {}, .rows = 3, .columns = 2, .caption = "one\ntwo"};
  for (int i = 0; i < 6; ++i) picture.pixels.push_back(sign * static_cast<float>(i) / 6);
  return picture;
}

}  // namespace weft::test
