#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <limits>

#include "kernels/loss/loss.h"
#include "src/cpu/loss.h"
#include "tests/support/compare.h"
#include "tests/support/gpu_test.h"
#include "tests/support/guarded.h"
#include "tests/support/row_plans.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "tests/support/softmax_oracle.h"
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
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

template <class T>
struct Case {
  std::int64_t rows, cols;
  std::vector<T> logits;
  std::vector<std::int32_t> labels;

  Case(Rng& rng, std::int64_t rows_, std::int64_t cols_, double deviation = 2)
      : rows(rows_), cols(cols_), logits(rng.normal<T>(rows * cols, 0, deviation)) {
    for (std::int64_t r = 0; r < rows; ++r)
      labels.push_back(static_cast<std::int32_t>(rng.integer(0, cols - 1)));
  }
  template <class U>
  explicit Case(const Case<U>& other)
      : rows(other.rows),
        cols(other.cols),
        logits(other.logits.begin(), other.logits.end()),
        labels(other.labels) {}
  std::string name() const { return std::to_string(rows) + "x" + std::to_string(cols); }
};

template <class T>
struct Result {
  std::vector<T> losses, mean, dlogits;  // no dlogits where none were asked for
};

RowPlan plan_of(std::int64_t cols) { return test::plan_here(kernels::kCrossEntropyRows, cols); }

Result<float> run_kernel(const Case<float>& c, RowPlan plan, bool with_gradient = true,
                         std::int64_t misalign = 0) {
  const Guarded<float> logits(c.logits, Device::gpu, misalign);
  const Guarded<std::int32_t> labels(c.labels, Device::gpu);
  const Guarded<float> losses(c.rows), mean(1);
  const Guarded<float> dlogits(with_gradient ? c.rows * c.cols : 0, Device::gpu, misalign);
  const Guarded<float> workspace(kernels::row_workspace(plan, c.rows, c.cols));
  kernels::cross_entropy(logits.data(), labels.data(), losses.data(), mean.data(),
                         with_gradient ? dlogits.data() : nullptr, workspace.data(), c.rows, c.cols,
                         plan, current_stream());
  return {losses.download(), mean.download(), dlogits.download()};
}

template <class T>
Result<T> run_twin(const Case<T>& c, bool with_gradient = true) {
  const Guarded<T> losses(c.rows, Device::cpu), mean(1, Device::cpu);
  const Guarded<T> dlogits(with_gradient ? c.rows * c.cols : 0, Device::cpu);
  cpu::cross_entropy(c.logits.data(), c.labels.data(), losses.data(), mean.data(),
                     with_gradient ? dlogits.data() : nullptr, c.rows, c.cols);
  return {losses.download(), mean.download(), dlogits.download()};
}

Result<double> oracle(const auto& c) {
  auto [dlogits, log_sum] = test::softmax_oracle(c.logits, c.rows, c.cols);
  Result<double> result{{}, {0}, {}};
  for (std::int64_t r = 0; r < c.rows; ++r) {
    const auto row = static_cast<std::size_t>(r);
    const auto target = static_cast<std::size_t>(r * c.cols + c.labels[row]);
    result.losses.push_back(log_sum[row] - static_cast<double>(c.logits[target]));
    result.mean[0] += result.losses.back() / static_cast<double>(c.rows);
    dlogits[target] -= 1;
  }
  for (double& d : dlogits) d /= static_cast<double>(c.rows);
  result.dlogits = std::move(dlogits);
  return result;
}

/// `depth` numbers are added in a row. A loss is a difference of numbers as large as the logits' range; a
/// gradient p / rows or (p - 1) / rows with p <= 1 as exact as softmax.
template <class T>
void expect_right(const Result<T>& actual, const Result<double>& expected, double range,
                  double depth, std::int64_t rows, const std::string& name) {
  const double u = test::unit_roundoff<T>();
  const Tolerance loss{u * (4 * range + 2 * depth + 8), u * 4};
  test::expect_close(actual.losses, expected.losses, loss, name + ", losses", Content::any);
  test::expect_close(actual.mean, expected.mean, loss, name + ", mean", Content::any);
  if (actual.dlogits.empty()) return;
  const Tolerance gradient{u * (range + depth + 8) / static_cast<double>(rows), u * 4};
  test::expect_close(actual.dlogits, expected.dlogits, gradient, name + ", dlogits", Content::any);
}

/// Against the twin in double, so that the twin's own rounding needs no allowance.
void expect_kernel_right(const Case<float>& c, RowPlan plan, bool with_gradient,
                         std::int64_t misalign) {
  // A row's sum, and a tree of ten levels for the mean.
  const double depth = test::roundings_of_sum(plan, c.cols, true) + 10;
  expect_right(run_kernel(c, plan, with_gradient, misalign), run_twin(Case<double>(c)),
               test::largest_range(c.logits, c.rows, c.cols), depth, c.rows,
               c.name() + ", " + test::plan_name(plan));
}

TEST(CrossEntropy, TwinAgreesWithTheOracle) {
  Rng rng(1);
  const auto check = [&]<class T>(const Case<T>& c) {
    for (const bool with_gradient : {true, false})
      expect_right(run_twin(c, with_gradient), oracle(c),
                   test::largest_range(c.logits, c.rows, c.cols), static_cast<double>(c.cols),
                   c.rows, c.name());
  };
  for (const std::int64_t cols : {1, 2, 3, 4, 5, 10, 31, 32, 33, 97, 128, 1000})
    for (const std::int64_t rows : {1, 2, 31, 100}) {
      check(Case<float>(rng, rows, cols));
      check(Case<double>(rng, rows, cols, 30));
    }
  check(Case<float>(rng, 30000, 10));  // by several threads
  check(Case<float>(rng, 2, 100003));
  check(Case<float>(rng, 2, 300001));  // each row by several threads
}

TEST(CrossEntropy, KnownValues) {
  Rng rng(1);
  Case<float> c(rng, 2, 2);
  c.logits = {0, std::log(3.0f), 5, 5};
  c.labels = {1, 0};
  const auto result = run_twin(c);
  const double first = std::log(4.0 / 3), second = std::log(2.0);
  test::expect_close(result.losses, std::vector<double>{first, second}, {0, 1e-6}, "losses");
  test::expect_close(result.mean, std::vector<double>{(first + second) / 2}, {0, 1e-6}, "mean");
  test::expect_close(result.dlogits, std::vector<double>{0.125, -0.125, -0.25, 0.25}, {0, 1e-6},
                     "");
}

class CrossEntropyKernel : public test::GpuTest {};

TEST_F(CrossEntropyKernel, AgreesWithTheTwinOnEdgeSizes) {
  Rng rng(2);
  for (const std::int64_t cols : {1,   2,   3,   4,   10,  15,   16,   17,   31,   32,   33,  127,
                                  128, 129, 511, 512, 513, 2047, 2048, 2049, 8191, 8192, 8193})
    for (const std::int64_t rows : {1, 2, 7, 8, 9, 33})
      if (rows * cols <= 30000)
        for (const bool with_gradient : {true, false})
          expect_kernel_right(Case<float>(rng, rows, cols), plan_of(cols), with_gradient, rows % 3);
  for (const std::int64_t rows : {255, 256, 257, 1025})  // the last that fit one block, and more
    expect_kernel_right(Case<float>(rng, rows, 10), plan_of(10), true, 0);
  // Rows shorter than a tile, one of as many parts as there may be, and one past a tile of each kernel.
  for (const std::int64_t cols : {1, 3, 4, 5, 1021, 1024, 4096, 4097, 16385})
    for (const bool with_gradient : {true, false}) {
      const Case<float> c(rng, 2, cols);
      expect_kernel_right(c, {RowScheme::shared}, with_gradient, cols % 3);
      const std::int64_t part_cols = with_gradient ? (cols + 1023) / 1024 * 4 : 4096;
      expect_kernel_right(c, {RowScheme::parts, part_cols}, with_gradient, cols % 3);
    }
}

TEST_F(CrossEntropyKernel, AgreesWithTheTwinOnSeededShapes) {
  for (const RowScheme scheme : test::kRowSchemes)
    test::for_each_seed(test::kernel_name("cross_entropy", scheme), [scheme](Rng& rng) {
      const std::int64_t cols = rng.size(rng.chance(0.1) ? 3000 : rng.chance(0.5) ? 12 : 300, 1);
      const std::int64_t most = cols > 300 ? 4 : cols > 12 ? 70 : 600;
      const std::int64_t rows = rng.size(scheme == RowScheme::registers ? most : 3, 1);
      const double deviation = rng.chance(0.3) ? 30 : 1;
      const bool with_gradient = rng.chance(0.7);
      const RowPlan plan = test::random_plan(rng, scheme, cols);
      expect_kernel_right(Case<float>(rng, rows, cols, deviation), plan, with_gradient,
                          rng.integer(0, 3));
    });
}

TEST_F(CrossEntropyKernel, LongRows) {
  Rng rng(3);
  const std::int64_t in_registers = kernels::kCrossEntropyRows.in_registers;
  const std::int64_t in_shared = test::longest_in_shared(kernels::kCrossEntropyRows);
  for (const std::int64_t cols : {in_registers - 1, in_registers, in_registers + 1, in_shared - 1,
                                  in_shared, in_shared + 1, std::int64_t{100003}})
    for (const std::int64_t rows : {1, 2})
      if (cols > 0)
        expect_kernel_right(Case<float>(rng, rows, cols), plan_of(cols), true, cols % 2);
  expect_kernel_right(Case<float>(rng, 1, 1000000), plan_of(1000000), true, 0);
  expect_kernel_right(Case<float>(rng, 1, in_shared + 1), plan_of(in_shared + 1), false, 0);
  // Parts of two tiles, more rows than the mean takes at once.
  const RowPlan two_tiles{RowScheme::parts, 2 * kernels::kPartTile};
  expect_kernel_right(Case<float>(rng, 2, 20000), two_tiles, true, 0);
  expect_kernel_right(Case<float>(rng, 1030, 5), {RowScheme::parts, 8}, true, 0);
}

TEST_F(CrossEntropyKernel, SameBitsForAnyAlignmentAndSchedule) {
  Rng rng(4);
  struct Run {
    std::int64_t rows, cols;
    RowPlan plan;
  };
  for (const auto& [rows, cols, plan] : {Run{100, 10, plan_of(10)},
                                         {600, 10, plan_of(10)},
                                         {3, 300, plan_of(300)},
                                         {3, 3000, plan_of(3000)},
                                         {1, 36000, plan_of(36000)},
                                         {2, 900, {RowScheme::shared}},
                                         {2, 900, {RowScheme::parts, 100}}}) {
    const Case<float> c(rng, rows, cols);
    const auto run = [&, plan = plan](std::int64_t misalign) {
      auto [all, mean, dlogits] = run_kernel(c, plan, true, misalign);
      all.push_back(mean[0]);
      all.insert(all.end(), dlogits.begin(), dlogits.end());
      return all;
    };
    test::expect_same_bits(run(1), run(0), c.name() + ", misaligned");
    test::expect_same_bits(
        cols > 3000 ? 3 : 20, [&] { return run(0); }, c.name());
  }
}

/// Row 0 of four is special; the others, like it in length, must not notice.
TEST_F(CrossEntropyKernel, SpecialRows) {
  for (const std::int64_t cols : {5, 10, 100, 1000, 33000}) {
    Rng rng(5);
    const Case<float> plain(rng, 4, cols);
    const auto expect = [&](float label_logit, float other_logit, std::int32_t label, double loss,
                            double label_gradient, double other_gradient, const char* what) {
      Case<float> c = plain;
      c.labels[0] = label;
      for (std::int64_t i = 0; i < cols; ++i)
        c.logits[static_cast<std::size_t>(i)] = i == 1 ? label_logit : other_logit;
      Result<double> expected = oracle(plain);
      const Tolerance tolerance{1e-5, 1e-5};  // that they are their own; exactness is tested above
      for (const auto& actual :
           {run_kernel(c, plan_of(cols)), run_kernel(c, {RowScheme::shared}),
            run_kernel(c, {RowScheme::parts, 4 * (cols / 12 + 1)}), run_twin(c)}) {
        const std::string name = std::string(what) + ", " + c.name();
        const auto same = [&](double a, double e) {
          return std::isnan(e) ? std::isnan(a) : a == e || std::abs(a - e) <= 1e-4 * std::abs(e);
        };
        EXPECT_PRED2(same, actual.losses[0], loss) << name;
        EXPECT_PRED2(same, actual.dlogits[1], label_gradient) << name;
        EXPECT_PRED2(same, actual.dlogits[0], other_gradient) << name;
        EXPECT_PRED2(same, actual.dlogits[static_cast<std::size_t>(cols) - 1], other_gradient)
            << name;
        EXPECT_EQ(std::isnan(actual.mean[0]), std::isnan(loss)) << name;
        const auto tail = [](const auto& values, std::int64_t n) {
          return std::vector<double>(values.begin() + n, values.end());
        };
        test::expect_close(tail(actual.losses, 1), tail(expected.losses, 1), tolerance, name);
        test::expect_close(tail(actual.dlogits, cols), tail(expected.dlogits, cols), tolerance,
                           name, Content::any);
      }
    };
    const double n = static_cast<double>(cols);
    expect(1e4f, -1e4f, 1, 0, 0, 0, "certain and right");
    expect(-80, 80, 1, 160 + std::log(n - 1), -0.25, 0.25 / (n - 1), "certain and wrong");
    expect(-1e4f, 1e4f, 1, 2e4 + std::log(n - 1), -0.25, 0.25 / (n - 1), "outlier of 1e4");
    expect(3, 3, 1, std::log(n), (1 / n - 1) / 4, 1 / n / 4, "all equal");
    expect(-kInf, 0, 1, kInf, -0.25, 0.25 / (n - 1), "-inf at the label");
    expect(0, -kInf, 1, 0, 0, 0, "-inf elsewhere");
    expect(-kInf, -kInf, 1, kNaN, kNaN, kNaN, "only -inf");
    expect(0, kInf, 1, kNaN, kNaN, kNaN, "inf");
    expect(0, static_cast<float>(kNaN), 1, kNaN, kNaN, kNaN, "NaN");
    for (const auto label : {-1, static_cast<int>(cols), std::numeric_limits<int>::max(),
                             std::numeric_limits<int>::min()})
      expect(1, 2, label, kNaN, kNaN, kNaN, "label out of range");
  }
}

}  // namespace
}  // namespace weft
