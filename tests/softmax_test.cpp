#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <limits>
#include <numeric>

#include "kernels/softmax/softmax.h"
#include "src/cpu/softmax.h"
#include "tests/support/compare.h"
#include "tests/support/gpu_test.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "tests/support/softmax_oracle.h"
#include "weft/stream.h"

namespace weft {
namespace {

using test::Content;
using test::Guarded;
using test::Rng;
using test::Tolerance;

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
// Block sizes of the kernels' row shapes: a row changes hands one past each of these.
const std::vector<std::int64_t> kWidths = {0,   1,   2,    3,    4,    5,    7,    10,  15,  16,
                                           17,  31,  32,   33,   97,   127,  128,  129, 251, 511,
                                           512, 513, 2047, 2048, 2049, 8191, 8192, 8193};

std::string shape_name(std::int64_t rows, std::int64_t cols, std::int64_t misalign = 0) {
  return std::to_string(rows) + "x" + std::to_string(cols) + ", misaligned by " +
         std::to_string(misalign);
}

/// Four roundings, exp (2 ulp) and the sum of `depth` numbers in a row; and the range of the input. What is
/// smaller than the smallest normal number may be flushed to zero.
template <class T>
Tolerance tolerance(double range, double depth) {
  return {std::numeric_limits<T>::min(), test::unit_roundoff<T>() * (range + depth + 8)};
}

std::vector<float> run_kernel(const std::vector<float>& x, std::int64_t rows, std::int64_t cols,
                              std::int64_t misalign = 0) {
  const Guarded<float> input(x, Device::gpu, misalign);
  const Guarded<float> y(rows * cols, Device::gpu, misalign);
  kernels::softmax(input.data(), y.data(), rows, cols, current_stream());
  return y.download();
}

template <class T>
std::vector<T> run_twin(const std::vector<T>& x, std::int64_t rows, std::int64_t cols) {
  Guarded<T> y(rows * cols, Device::cpu);
  cpu::softmax(x.data(), y.data(), rows, cols);
  return y.download();
}

/// The kernel against the twin in double: what it may err by does not depend on the twin's rounding.
void expect_kernel_right(Rng& rng, std::int64_t rows, std::int64_t cols, double deviation,
                         std::int64_t misalign) {
  const auto x = rng.normal(rows * cols, 0, deviation);
  const auto expected = run_twin(std::vector<double>(x.begin(), x.end()), rows, cols);
  // A thread adds up to 32 values of a tile in a row, then come ten levels of tree.
  const double depth = 42 + static_cast<double>(cols / 16384) * 16;
  test::expect_close(run_kernel(x, rows, cols, misalign), expected,
                     tolerance<float>(test::largest_range(x, rows, cols), depth),
                     shape_name(rows, cols, misalign), Content::any);
}

template <class T>
void expect_twin_right(std::int64_t rows, std::int64_t cols, double deviation) {
  Rng rng(static_cast<std::uint64_t>(rows * 10007 + cols));
  const auto x = rng.normal<T>(rows * cols, 0, deviation);
  test::expect_close(run_twin(x, rows, cols), test::softmax_oracle(x, rows, cols).y,
                     tolerance<T>(test::largest_range(x, rows, cols), static_cast<double>(cols)),
                     shape_name(rows, cols), Content::any);
}

TEST(Softmax, TwinAgreesWithTheOracle) {
  for (const std::int64_t cols : kWidths)
    for (const std::int64_t rows : {0, 1, 3, 33}) {
      if (rows * cols > 30000) continue;
      expect_twin_right<float>(rows, cols, 1);
      expect_twin_right<float>(rows, cols, 30);
      expect_twin_right<double>(rows, cols, 30);
    }
  expect_twin_right<float>(2, 100003, 3.0);
  expect_twin_right<float>(401, 129, 1.0);  // by several threads
}

TEST(Softmax, RowsOfKnownValues) {
  const std::vector<float> x = {0, std::log(3.0f), -std::log(2.0f), -std::log(2.0f)};
  const auto y = run_twin(x, 2, 2);
  test::expect_close(y, std::vector<double>{0.25, 0.75, 0.5, 0.5}, {0, 1e-6}, "by hand");
}

class SoftmaxKernel : public test::GpuTest {};

TEST_F(SoftmaxKernel, AgreesWithTheTwinOnEdgeSizes) {
  Rng rng(1);
  for (const std::int64_t cols : kWidths)
    for (const std::int64_t rows : {0, 1, 5, 33})
      if (rows * cols <= 50000) expect_kernel_right(rng, rows, cols, 2.0, 0);
  for (const std::int64_t rows : test::edge_sizes(32)) expect_kernel_right(rng, rows, 10, 2.0, 1);
}

TEST_F(SoftmaxKernel, AgreesWithTheTwinOnSeededShapes) {
  test::for_each_seed("softmax", [](Rng& rng) {
    const std::int64_t cols = rng.size(rng.chance(0.1) ? 3000 : 300);
    const std::int64_t rows = rng.size(cols > 300 ? 4 : 70);
    const double deviation = rng.chance(0.3) ? 30 : 1;
    expect_kernel_right(rng, rows, cols, deviation, rng.integer(0, 3));
  });
}

TEST_F(SoftmaxKernel, LongRows) {
  Rng rng(2);
  for (const std::int64_t cols : {16384, 32767, 32768, 32769, 40004, 100003})
    expect_kernel_right(rng, 2, cols, 3.0, cols % 2);
  expect_kernel_right(rng, 1, 1000000, 3.0, 0);
}

TEST_F(SoftmaxKernel, SameBitsForAnyAlignmentAndSchedule) {
  Rng rng(3);
  for (const auto& [rows, cols] : {std::pair<std::int64_t, std::int64_t>{37, 12},
                                   {5, 500},
                                   {3, 1000},
                                   {2, 5000},
                                   {1, 36000}}) {
    const auto x = rng.normal(rows * cols, 0, 4);
    const auto first = run_kernel(x, rows, cols);
    test::expect_same_bits(run_kernel(x, rows, cols, 1), first, "misaligned");
    test::expect_same_bits(
        cols > 5000 ? 3 : 20, [&] { return run_kernel(x, rows, cols); }, shape_name(rows, cols));
  }
}

// Both twins on the rows that have a rule of their own, padded to each of the kernel's widths.
TEST_F(SoftmaxKernel, SpecialRows) {
  for (const std::int64_t cols : {4, 10, 100, 1000, 9000, 33000}) {
    const auto last = static_cast<std::size_t>(cols) - 1;
    const auto expect = [&](const std::vector<float>& x, float first, float others,
                            const char* what) {
      std::vector<float> y(x.size(), others);
      y[0] = first;
      const std::string name = std::string(what) + ", " + std::to_string(cols) + " columns";
      test::expect_equal(run_kernel(x, 1, cols), y, name + ", kernel", Content::any);
      test::expect_equal(run_twin(x, 1, cols), y, name + ", twin", Content::any);
    };
    const auto row = [&](float first, float others) {
      std::vector<float> x(static_cast<std::size_t>(cols), others);
      x[0] = first;
      return x;
    };
    expect(row(1e4f, -1e4f), 1, 0, "outlier of 1e4");
    expect(row(80, -80), 1, std::exp(-160.0f), "outlier of 80");
    expect(row(FLT_MAX, -FLT_MAX), 1, 0, "largest and lowest");
    expect(row(-5, -kInf), 1, 0, "one that is not -inf");
    expect(row(-kInf, -kInf), kNaN, kNaN, "only -inf");
    expect(row(kInf, 0), kNaN, kNaN, "an inf");
    expect(row(kNaN, 0), kNaN, kNaN, "a NaN");
    expect(row(kNaN, kNaN), kNaN, kNaN, "only NaN");
    auto at_the_end = row(0, 0);
    at_the_end[last] = kNaN;
    expect(at_the_end, kNaN, kNaN, "a NaN at the end");
    at_the_end[last] = kInf;
    expect(at_the_end, kNaN, kNaN, "an inf at the end");
  }
  for (const std::int64_t cols : {1, 4, 16, 64, 1024, 16384, 65536}) {  // exact: powers of two
    const std::vector<float> equal(static_cast<std::size_t>(cols), 1e4f);
    const std::vector<float> expected(equal.size(), 1.0f / static_cast<float>(cols));
    test::expect_equal(run_kernel(equal, 1, cols), expected, "all equal, kernel");
    test::expect_equal(run_twin(equal, 1, cols), expected, "all equal, twin");
  }
}

TEST_F(SoftmaxKernel, RowsSumToOneAndAShiftChangesNothing) {
  Rng rng(4);
  for (const std::int64_t cols : {1, 10, 100, 3001}) {
    auto x = rng.small_integers(8 * cols, -20, 20);
    const auto y = run_kernel(x, 8, cols);
    for (int r = 0; r < 8; ++r)
      EXPECT_NEAR(std::accumulate(y.begin() + r * cols, y.begin() + (r + 1) * cols, 0.0), 1, 1e-5);
    for (float& value : x) value += 1024;  // exact in float
    test::expect_same_bits(run_kernel(x, 8, cols), y, "kernel");
  }
}

}  // namespace
}  // namespace weft
