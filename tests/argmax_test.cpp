#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/reduction/reduction.h"
#include "src/cpu/reduction.h"
#include "tests/support/compare.h"
#include "tests/support/gpu_test.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/stream.h"

namespace weft {
namespace {

using test::Content;
using test::Guarded;
using test::Rng;

using Indices = std::vector<std::int32_t>;
constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

/// The first NaN, else the first of the largest.
template <class T>
Indices oracle(const std::vector<T>& x, std::int64_t rows, std::int64_t cols) {
  Indices indices;
  for (std::int64_t r = 0; r < rows; ++r) {
    const auto row = x.begin() + r * cols;
    auto found = std::find_if(row, row + cols, [](T value) { return std::isnan(value); });
    if (found == row + cols) found = std::max_element(row, row + cols);
    indices.push_back(static_cast<std::int32_t>(found - row));
  }
  return indices;
}

Indices run_kernel(const std::vector<float>& x, std::int64_t rows, std::int64_t cols,
                   std::int64_t misalign = 0) {
  const Guarded<float> input(x, Device::gpu, misalign);
  const Guarded<std::int32_t> indices(rows);
  kernels::argmax(input.data(), indices.data(), rows, cols, current_stream());
  return indices.download();
}

template <class T>
Indices run_twin(const std::vector<T>& x, std::int64_t rows, std::int64_t cols) {
  const Guarded<std::int32_t> indices(rows, Device::cpu);
  cpu::argmax(x.data(), indices.data(), rows, cols);
  return indices.download();
}

/// What add_correct adds to `before`, on the kernel or the twin.
std::int32_t count_correct(Device device, const std::vector<float>& x, const Indices& labels,
                           std::int64_t rows, std::int64_t cols, std::int32_t before) {
  const Guarded<float> scores(x, device);
  const Guarded<std::int32_t> targets(labels, device), count(Indices{before}, device);
  if (device == Device::gpu)
    kernels::add_correct(scores.data(), targets.data(), count.data(), rows, cols, current_stream());
  else
    cpu::add_correct(scores.data(), targets.data(), count.data(), rows, cols);
  return count.download()[0] - before;
}

/// Small integers, so that there are ties; some NaN and infinities.
std::vector<float> values_with_ties(Rng& rng, std::int64_t count) {
  auto x = rng.small_integers(count);
  for (float& value : x)
    if (rng.chance(0.01)) value = rng.chance(0.3) ? kNaN : rng.chance(0.5) ? kInf : -kInf;
  return x;
}

const std::vector<std::int64_t> kWidths = {1,   2,    3,    10,   15,   16,   17,   31,
                                           32,  33,   97,   127,  128,  129,  511,  512,
                                           513, 2047, 2048, 2049, 8191, 8192, 8193, 20000};

TEST(Argmax, TwinAgreesWithTheOracle) {
  Rng rng(1);
  for (const std::int64_t cols : kWidths)
    for (const std::int64_t rows : {0, 1, 7}) {
      const auto x = values_with_ties(rng, rows * cols);
      test::expect_equal(run_twin(x, rows, cols), oracle(x, rows, cols), "", Content::any);
      const std::vector<double> wide(x.begin(), x.end());
      test::expect_equal(run_twin(wide, rows, cols), oracle(wide, rows, cols), "", Content::any);
    }
}

class ArgmaxKernel : public test::GpuTest {};

TEST_F(ArgmaxKernel, AgreesWithTheTwinOnEdgeSizes) {
  Rng rng(2);
  for (const std::int64_t cols : kWidths)
    for (const std::int64_t rows : {0, 1, 5, 33}) {
      if (rows * cols > 60000) continue;
      const auto x = values_with_ties(rng, rows * cols);
      test::expect_equal(run_kernel(x, rows, cols, cols % 4), run_twin(x, rows, cols),
                         std::to_string(rows) + "x" + std::to_string(cols), Content::any);
    }
  const auto x = rng.normal(2 * 100003);
  test::expect_equal(run_kernel(x, 2, 100003), run_twin(x, 2, 100003), "100,003 columns");
}

TEST_F(ArgmaxKernel, AgreesWithTheTwinOnSeededShapes) {
  test::for_each_seed("argmax", [](Rng& rng) {
    const std::int64_t cols = rng.size(rng.chance(0.1) ? 3000 : 300, 1);
    const std::int64_t rows = rng.size(cols > 300 ? 8 : 100);
    const auto x = rng.chance(0.5) ? values_with_ties(rng, rows * cols) : rng.normal(rows * cols);
    test::expect_equal(run_kernel(x, rows, cols, rng.integer(0, 3)), run_twin(x, rows, cols),
                       std::to_string(rows) + "x" + std::to_string(cols), Content::any);
  });
}

TEST_F(ArgmaxKernel, FirstOfEqualsAndFirstNaN) {
  for (const std::int64_t cols : {6, 30, 300, 9000, 33000}) {
    const auto expect = [&](float background, std::vector<std::pair<std::int64_t, float>> peaks,
                            std::int32_t expected, const char* what) {
      std::vector<float> x(static_cast<std::size_t>(cols), background);
      for (const auto& [column, value] : peaks) x[static_cast<std::size_t>(column)] = value;
      EXPECT_EQ(run_kernel(x, 1, cols), Indices{expected}) << what << ", kernel, " << cols;
      EXPECT_EQ(run_twin(x, 1, cols), Indices{expected}) << what << ", twin, " << cols;
    };
    const auto last = static_cast<std::int32_t>(cols - 1);
    expect(2, {}, 0, "all equal");
    expect(-kInf, {}, 0, "all -inf");
    expect(kNaN, {}, 0, "all NaN");
    expect(0, {{3, 1}, {last, 1}}, 3, "two largest");
    expect(0, {{2, kInf}, {4, kNaN}, {last, kNaN}}, 4, "NaN beats inf, the first NaN the last");
    expect(-kInf, {{last, -1e30f}}, last, "one finite, at the end");
    expect(0, {{0, -0.0f}}, 0, "-0 equals 0");
  }
}

TEST_F(ArgmaxKernel, CountsCorrectRows) {
  test::for_each_seed("add_correct", [](Rng& rng) {
    const std::int64_t cols = rng.size(rng.chance(0.1) ? 3000 : 30, 1);
    const std::int64_t rows = rng.size(cols > 30 ? 8 : 500);
    const auto x = values_with_ties(rng, rows * cols);
    Indices labels = oracle(x, rows, cols);
    auto expected = static_cast<std::int32_t>(rows);
    for (std::int32_t& label : labels) {
      if (!rng.chance(0.4)) continue;
      label += rng.chance(0.5) ? 1 : -1;  // wrong, and at times out of range
      --expected;
    }
    for (const Device device : {Device::gpu, Device::cpu})
      EXPECT_EQ(count_correct(device, x, labels, rows, cols, 41), expected) << name_of(device);
  });
}

TEST_F(ArgmaxKernel, SameUnderEverySchedule) {
  Rng rng(6);
  for (const auto& [rows, cols] : {std::pair<std::int64_t, std::int64_t>{100, 10}, {3, 700}}) {
    const auto x = values_with_ties(rng, rows * cols);
    test::expect_same_bits(
        20, [&] { return run_kernel(x, rows, cols); }, "argmax");
    const Indices labels(static_cast<std::size_t>(rows), 1);
    const auto count = [&] {
      return Indices{count_correct(Device::gpu, x, labels, rows, cols, 0)};
    };
    test::expect_same_bits(20, count, "add_correct");
  }
}

}  // namespace
}  // namespace weft
