// Every lesson in its smoke form, on the CPU path and through the kernels: both hold their claims, and the two
// trainings go the same way.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/lesson_program.h"
#include "weft/build_info.h"
#include "weft/device.h"

namespace {

using namespace weft;
using namespace weft::test;

constexpr int kLessons = 26;
constexpr std::size_t kSteps = 50;  // of each training
constexpr double kAgreement = 1e-3;

// What a difference is measured by. The losses of lesson 17 are a polynomial's values, hundreds that pass through
// 0 on their way: there rounding is all of a value, so it is measured by 1 at least.
double scale(int lesson, double loss) {
  return lesson == 17 ? std::max(1.0, std::abs(loss)) : std::abs(loss);
}

bool trains(int lesson) { return lesson < 20 || lesson > 22; }

// Each training's losses by its name in metrics.csv, the device taken off it.
std::map<std::string, std::vector<double>> first_losses(const std::filesystem::path& metrics) {
  std::map<std::string, std::vector<double>> losses;
  for (const auto& row : csv(metrics)) {
    if (row.size() != 7 || row[2].empty() || row[0] == "run") continue;
    auto& own = losses[row[0].substr(0, row[0].find(" on "))];
    if (own.size() < kSteps) own.push_back(std::stod(row[3]));
  }
  return losses;
}

// Each figure has its script, and a picture or, without gnuplot, its numbers.
void check_figures(const std::filesystem::path& folder) {
  int figures = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::filesystem::path file = entry.path();
    if (file.extension() != ".gp") continue;
    ++figures;
    const bool drawn = std::filesystem::exists(file.replace_extension(".png"));
    EXPECT_TRUE(drawn || std::filesystem::exists(file.replace_extension(".csv"))) << file;
  }
  EXPECT_GE(figures, 1);
}

// Seven columns; a row for the state before each training and for its epochs as they follow; accuracies are
// shares, where answers can be right or wrong.
void check_epochs(const std::filesystem::path& metrics) {
  std::map<std::string, int> last;
  const auto rows = csv(metrics);
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const auto& row = rows[i];
    ASSERT_EQ(row.size(), 7u);
    if (!row[2].empty()) continue;
    const int epoch = std::stoi(row[1]);
    const auto [known, is_new] = last.emplace(row[0], 0);
    EXPECT_TRUE(is_new ? epoch == 0 : epoch > known->second) << row[0] << ", epoch " << epoch;
    known->second = epoch;
    if (row[5].empty()) continue;
    EXPECT_GE(std::stod(row[5]), 0);
    EXPECT_LE(std::stod(row[5]), 1);
  }
  EXPECT_FALSE(last.empty());
  for (const auto& [name, epoch] : last) EXPECT_GE(epoch, 1) << name;
}

class LessonSmoke : public testing::TestWithParam<int> {
 protected:
  // Runs the lesson on a device; its claims must hold.
  void run_on(const std::string& device) {
    std::ostringstream arguments;
    arguments << "run " << std::setw(2) << std::setfill('0') << GetParam()
              << " --smoke --quiet --device " << device << " --out " << device;
    const Answer answer = run(folder_.path(), arguments.str());
    ASSERT_EQ(answer.status, 0) << answer.text;
    ASSERT_TRUE(has(answer.text, "The claim holds")) << answer.text;
    EXPECT_FALSE(has(answer.text, "does not hold")) << answer.text;
    EXPECT_FALSE(has(answer.text, "no pictures: gnuplot, drawing")) << answer.text;
    EXPECT_TRUE(std::filesystem::exists(folder_ / (device + "/report.html")));
    EXPECT_EQ(std::filesystem::exists(folder_ / (device + "/metrics.csv")), trains(GetParam()));
    EXPECT_EQ(std::filesystem::exists(folder_ / (device + "/model.safetensors")),
              trains(GetParam()));
    check_figures(folder_ / device);
    if (trains(GetParam())) check_epochs(folder_ / (device + "/metrics.csv"));
  }

  TemporaryFolder folder_;
};

TEST_P(LessonSmoke, HoldsItsClaims) {
  SKIP_UNLESS_BUILT();
  ASSERT_NO_FATAL_FAILURE(run_on("cpu"));
}

TEST_P(LessonSmoke, TrainsTheSameOnBothDevices) {
  SKIP_UNLESS_BUILT();
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  if (build_info().checks != "none")
    GTEST_SKIP() << "the kernels' tests cover this build, in less time";
  ASSERT_NO_FATAL_FAILURE(run_on("cpu"));
  ASSERT_NO_FATAL_FAILURE(run_on("gpu"));
  if (!trains(GetParam())) return;
  const auto cpu = first_losses(folder_ / "cpu/metrics.csv"),
             gpu = first_losses(folder_ / "gpu/metrics.csv");
  ASSERT_FALSE(cpu.empty());
  ASSERT_EQ(cpu.size(), gpu.size());
  for (const auto& [name, expected] : cpu) {
    ASSERT_EQ(gpu.count(name), 1u) << name;
    const auto& actual = gpu.at(name);
    ASSERT_EQ(actual.size(), expected.size()) << name;
    for (std::size_t step = 0; step < expected.size(); ++step)
      ASSERT_TRUE(std::abs(actual[step] - expected[step]) <=
                  kAgreement * scale(GetParam(), expected[step]))
          << name << ", step " << step + 1 << ": " << actual[step] << " on the gpu, "
          << expected[step] << " on the cpu";
  }
}

INSTANTIATE_TEST_SUITE_P(All, LessonSmoke, testing::Range(1, kLessons + 1),
                         [](const auto& lesson) { return std::to_string(lesson.param); });

}  // namespace
