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
#include "tests/support/row_plans.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "tests/support/softmax_oracle.h"
#include "weft/ops/reduction.h"
#include "weft/ops/softmax.h"
#include "weft/stream.h"

namespace weft {
namespace {

using test::Content;
using test::Guarded;
using test::Rng;
using test::RowPlan;
using test::RowScheme;
using test::Tolerance;

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
// Block sizes of the kernels' row shapes: a row changes hands one past each of these. LongRows has the
// widths at which the scheme changes.
const std::vector<std::int64_t> kWidths = {0,   1,   2,    3,    4,    5,    7,    10,  15,  16,
                                           17,  31,  32,   33,   97,   127,  128,  129, 251, 511,
                                           512, 513, 2047, 2048, 2049, 8191, 8192, 8193};

std::string shape_name(std::int64_t rows, std::int64_t cols, std::int64_t misalign = 0) {
  return std::to_string(rows) + "x" + std::to_string(cols) + ", misaligned by " +
         std::to_string(misalign);
}

RowPlan plan_of(std::int64_t cols) { return test::plan_here(kernels::kSoftmaxRows, cols); }

/// Four roundings, exp (2 ulp) and the sum of `depth` numbers in a row; and the range of the input. What is
/// smaller than the smallest normal number may be flushed to zero.
template <class T>
Tolerance tolerance(double range, double depth) {
  return {std::numeric_limits<T>::min(), test::unit_roundoff<T>() * (range + depth + 8)};
}

std::vector<float> run_kernel(const std::vector<float>& x, std::int64_t rows, std::int64_t cols,
                              RowPlan plan, std::int64_t misalign = 0) {
  const Guarded<float> input(x, Device::gpu, misalign);
  const Guarded<float> y(rows * cols, Device::gpu, misalign);
  const Guarded<float> workspace(kernels::row_workspace(plan, rows, cols));
  kernels::softmax(input.data(), y.data(), workspace.data(), rows, cols, plan, current_stream());
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
                         RowPlan plan, std::int64_t misalign) {
  const auto x = rng.normal(rows * cols, 0, deviation);
  const auto expected = run_twin(std::vector<double>(x.begin(), x.end()), rows, cols);
  const double depth = test::roundings_of_sum(plan, cols, true);
  test::expect_close(run_kernel(x, rows, cols, plan, misalign), expected,
                     tolerance<float>(test::largest_range(x, rows, cols), depth),
                     shape_name(rows, cols, misalign) + ", " + test::plan_name(plan), Content::any);
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
  expect_twin_right<float>(3000, 129, 1.0);  // by several threads
  expect_twin_right<float>(2, 300001, 3.0);  // each row by several threads
}

TEST(Softmax, RowsWithoutColumnsTakeNoTime) {
  for (Tensor (*const op)(const Tensor&) : {softmax, log_softmax}) {
    Tensor x = zeros({std::int64_t{1} << 60, 0});
    x.set_requires_grad();
    sum(op(x)).backward();
    EXPECT_EQ(x.grad().shape(), x.shape());
  }
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
      if (rows * cols <= 50000) expect_kernel_right(rng, rows, cols, 2.0, plan_of(cols), 0);
  for (const std::int64_t rows : test::edge_sizes(32))
    expect_kernel_right(rng, rows, 10, 2.0, plan_of(10), 1);
  // Rows shorter than a tile, one of as many parts as there may be, and one past a tile of each kernel.
  for (const std::int64_t cols : {1, 3, 4, 5, 1021, 1024, 4095, 4096, 4097, 16384, 16385}) {
    expect_kernel_right(rng, 2, cols, 2.0, {RowScheme::shared}, cols % 3);
    const std::int64_t shortest = (cols + 1023) / 1024 * 4;
    for (const std::int64_t part_cols : {shortest, std::int64_t{4096}, std::int64_t{8192}})
      expect_kernel_right(rng, 1, cols, 2.0, {RowScheme::parts, part_cols}, cols % 3);
  }
}

TEST_F(SoftmaxKernel, AgreesWithTheTwinOnSeededShapes) {
  for (const RowScheme scheme : test::kRowSchemes)
    test::for_each_seed(test::kernel_name("softmax", scheme), [scheme](Rng& rng) {
      const bool by_small_groups = scheme == RowScheme::registers;
      const std::int64_t cols = rng.size(rng.chance(0.1) ? 3000 : 300);
      const std::int64_t rows = rng.size(!by_small_groups ? 2 : cols > 300 ? 4 : 70);
      const double deviation = rng.chance(0.3) ? 30 : 1;
      expect_kernel_right(rng, rows, cols, deviation, test::random_plan(rng, scheme, cols),
                          rng.integer(0, 3));
    });
}

TEST_F(SoftmaxKernel, LongRows) {
  Rng rng(2);
  const std::int64_t in_registers = kernels::kSoftmaxRows.in_registers;
  const std::int64_t in_shared = test::longest_in_shared(kernels::kSoftmaxRows);
  for (const std::int64_t cols : {in_registers - 1, in_registers, in_registers + 1, in_shared - 1,
                                  in_shared, in_shared + 1, std::int64_t{100003}})
    if (cols > 0) expect_kernel_right(rng, 2, cols, 3.0, plan_of(cols), cols % 2);
  expect_kernel_right(rng, 1, 1000000, 3.0, plan_of(1000000), 0);
  // Parts of two tiles.
  expect_kernel_right(rng, 1, 20000, 3.0, {RowScheme::parts, 2 * kernels::kPartTile}, 0);
}

TEST_F(SoftmaxKernel, SameBitsForAnyAlignmentAndSchedule) {
  Rng rng(3);
  struct Run {
    std::int64_t rows, cols;
    RowPlan plan;
  };
  for (const auto& [rows, cols, plan] : {Run{37, 12, plan_of(12)},
                                         {5, 500, plan_of(500)},
                                         {3, 1000, plan_of(1000)},
                                         {2, 5000, plan_of(5000)},
                                         {1, 36000, plan_of(36000)},
                                         {2, 900, {RowScheme::shared}},
                                         {2, 900, {RowScheme::parts, 100}},
                                         {1, 70000, {RowScheme::parts, kernels::kPartTile}}}) {
    const auto x = rng.normal(rows * cols, 0, 4);
    const auto first = run_kernel(x, rows, cols, plan);
    test::expect_same_bits(run_kernel(x, rows, cols, plan, 1), first, "misaligned");
    test::expect_same_bits(
        cols > 5000 ? 3 : 20, [&] { return run_kernel(x, rows, cols, plan); },
        shape_name(rows, cols) + ", " + test::plan_name(plan));
  }
}

/// The op's choice, and the schemes that it leaves to longer rows.
std::vector<RowPlan> plans_for(std::int64_t cols) {
  std::vector<RowPlan> plans = {plan_of(cols)};
  if (plans[0].scheme == RowScheme::registers) plans.push_back({RowScheme::shared});
  plans.push_back({RowScheme::parts, (cols / 20 + 1) * 4});
  return plans;
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
      for (const RowPlan plan : plans_for(cols))
        test::expect_equal(run_kernel(x, 1, cols, plan), y, name + ", " + test::plan_name(plan),
                           Content::any);
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
    for (const RowPlan plan : plans_for(cols))
      test::expect_equal(run_kernel(equal, 1, cols, plan), expected,
                         "all equal, " + test::plan_name(plan));
    test::expect_equal(run_twin(equal, 1, cols), expected, "all equal, twin");
  }
}

TEST_F(SoftmaxKernel, RowsSumToOneAndAShiftChangesNothing) {
  Rng rng(4);
  for (const std::int64_t cols : {1, 10, 100, 3001}) {
    auto x = rng.small_integers(8 * cols, -20, 20);
    const auto y = run_kernel(x, 8, cols, plan_of(cols));
    for (int r = 0; r < 8; ++r)
      EXPECT_NEAR(std::accumulate(y.begin() + r * cols, y.begin() + (r + 1) * cols, 0.0), 1, 1e-5);
    for (float& value : x) value += 1024;  // exact in float
    test::expect_same_bits(run_kernel(x, 8, cols, plan_of(cols)), y, "kernel");
  }
}

}  // namespace
}  // namespace weft
