#include "kernels/reduction/reduction.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

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

enum class Sums { of_rows, of_columns };

template <class T>
struct Case {
  Sums sums;
  std::int64_t rows, cols;
  bool add;
  std::vector<T> x, y;  // y: what is there before

  Case(Rng& rng, Sums sums_, std::int64_t rows_, std::int64_t cols_, bool add_,
       bool integers = false)
      : sums(sums_), rows(rows_), cols(cols_), add(add_) {
    x = integers ? rng.small_integers<T>(rows * cols) : rng.normal<T>(rows * cols);
    y = rng.small_integers<T>(outputs());
  }
  std::int64_t outputs() const { return sums == Sums::of_rows ? rows : cols; }
  std::int64_t terms() const { return sums == Sums::of_rows ? cols : rows; }
  std::string name() const {
    return std::string(sums == Sums::of_rows ? "rows" : "columns") + " of " + std::to_string(rows) +
           "x" + std::to_string(cols) + (add ? ", adding" : "");
  }
};

struct Expected {
  std::vector<double> y, magnitude;
};

template <class T>
Expected oracle(const Case<T>& c) {
  Expected expected{std::vector<double>(c.y.size()), std::vector<double>(c.y.size())};
  for (std::size_t i = 0; i < c.y.size() && c.add; ++i) {
    expected.y[i] = static_cast<double>(c.y[i]);
    expected.magnitude[i] = std::abs(expected.y[i]);
  }
  for (std::int64_t r = 0; r < c.rows; ++r)
    for (std::int64_t col = 0; col < c.cols; ++col) {
      const double value = static_cast<double>(c.x[static_cast<std::size_t>(r * c.cols + col)]);
      const auto i = static_cast<std::size_t>(c.sums == Sums::of_rows ? r : col);
      expected.y[i] += value;
      expected.magnitude[i] += std::abs(value);
    }
  return expected;
}

std::vector<float> run_kernel(const Case<float>& c, std::int64_t misalign = 0) {
  const Guarded<float> x(c.x, Device::gpu, misalign);
  Guarded<float> y(c.outputs(), Device::gpu, misalign);  // NaN, unless it is added to
  if (c.add) y.upload(c.y);
  (c.sums == Sums::of_rows ? kernels::row_sums : kernels::column_sums)(
      x.data(), y.data(), c.add, c.rows, c.cols, current_stream());
  return y.download();
}

template <class T>
std::vector<T> run_twin(const Case<T>& c) {
  Guarded<T> y(c.outputs(), Device::cpu);
  if (c.add) y.upload(c.y);
  (c.sums == Sums::of_rows ? cpu::row_sums<T> : cpu::column_sums<T>)(c.x.data(), y.data(), c.add,
                                                                     c.rows, c.cols);
  return y.download();
}

void expect_kernel_right(const Case<float>& c, std::int64_t misalign) {
  const Expected expected = oracle(c);
  const auto actual = run_kernel(c, misalign);
  // A thread adds 1/1024 to 1/4 of the terms in a row, ten levels of tree follow.
  const double depth = static_cast<double>(c.terms()) / 8 + 42;
  test::note_worst(c.sums == Sums::of_rows ? "row_sums" : "column_sums",
                   test::expect_sum_close(actual, expected.y, expected.magnitude, depth, c.name(),
                                          Content::any));
  test::expect_sum_close(actual, run_twin(c), expected.magnitude,
                         depth + static_cast<double>(c.terms()) + 1, c.name(), Content::any);
}

const std::vector<std::int64_t> kSizes = {0,   1,   2,   5,   7,   8,    9,   10,  15,
                                          16,  17,  31,  32,  33,  97,   127, 128, 129,
                                          255, 256, 257, 512, 513, 1024, 1025};

TEST(Sums, TwinAgreesWithTheOracle) {
  Rng rng(1);
  const auto check = [&]<class T>(const Case<T>& c) {
    const Expected expected = oracle(c);
    test::expect_sum_close(run_twin(c), expected.y, expected.magnitude,
                           static_cast<double>(c.terms()) + 1, c.name(), Content::any);
  };
  for (const Sums sums : {Sums::of_rows, Sums::of_columns})
    for (const std::int64_t a : kSizes)
      for (const std::int64_t b : {0, 1, 10, 33}) {
        check(Case<float>(rng, sums, a, b, a % 2 == 0));
        check(Case<double>(rng, sums, b, a, a % 2 == 0));
      }
  for (const Sums sums : {Sums::of_rows, Sums::of_columns}) {  // by several threads
    check(Case<float>(rng, sums, 3000, 20, false));
    check(Case<float>(rng, sums, 10, 5000, true));
  }
}

class SumsKernel : public test::GpuTest {};

TEST_F(SumsKernel, AgreeWithTheTwinOnEdgeSizes) {
  Rng rng(2);
  for (const Sums sums : {Sums::of_rows, Sums::of_columns})
    for (const std::int64_t a : kSizes)
      for (const std::int64_t b : {0, 1, 10, 33}) {
        expect_kernel_right(Case<float>(rng, sums, a, b, a % 2 == 0), a % 3);
        expect_kernel_right(Case<float>(rng, sums, b, a, a % 2 == 1), a % 3);
      }
}

TEST_F(SumsKernel, AgreeWithTheTwinOnSeededShapes) {
  for (const Sums sums : {Sums::of_rows, Sums::of_columns})
    test::for_each_seed(sums == Sums::of_rows ? "row_sums" : "column_sums", [sums](Rng& rng) {
      const std::int64_t cols = rng.size(rng.chance(0.1) ? 3000 : 300);
      const std::int64_t rows = rng.size(cols > 300 ? 8 : rng.chance(0.1) ? 1500 : 100);
      const bool add = rng.chance(0.5);
      expect_kernel_right(Case<float>(rng, sums, rows, cols, add), rng.integer(0, 3));
    });
}

TEST_F(SumsKernel, TallAndWide) {
  Rng rng(3);
  for (const auto& [rows, cols] : {std::pair<std::int64_t, std::int64_t>{60000, 10},
                                   {10, 100003},
                                   {100003, 1},
                                   {1, 100003},
                                   {3, 8191},
                                   {3, 8192},
                                   {3, 8193}})
    for (const Sums sums : {Sums::of_rows, Sums::of_columns})
      expect_kernel_right(Case<float>(rng, sums, rows, cols, false), 0);
}

TEST_F(SumsKernel, AreExactForIntegers) {
  Rng rng(4);
  for (const Sums sums : {Sums::of_rows, Sums::of_columns})
    for (const bool add : {false, true}) {
      const Case<float> c(rng, sums, 129, 1000, add, true);
      const auto expected = oracle(c).y;
      test::expect_equal(run_kernel(c), expected, c.name() + ", kernel");
      test::expect_equal(run_twin(c), expected, c.name() + ", twin");
    }
}

TEST_F(SumsKernel, SameBitsForAnyAlignmentAndSchedule) {
  Rng rng(5);
  for (const auto& [rows, cols] :
       {std::pair<std::int64_t, std::int64_t>{100, 10}, {1100, 9}, {3, 9000}, {37, 601}})
    for (const Sums sums : {Sums::of_rows, Sums::of_columns}) {
      const Case<float> c(rng, sums, rows, cols, true);
      test::expect_same_bits(run_kernel(c, 1), run_kernel(c), c.name() + ", misaligned");
      test::expect_same_bits(
          20, [&] { return run_kernel(c); }, c.name());
    }
}

TEST_F(SumsKernel, BackwardSpreadsAVector) {
  test::for_each_seed("sums_backward", [](Rng& rng) {
    const std::int64_t rows = rng.size(70), cols = rng.size(70);
    const bool add = rng.chance(0.5), by_row = rng.chance(0.5);
    const auto dy = rng.small_integers(by_row ? rows : cols);
    const auto old = rng.small_integers(rows * cols);
    std::vector<float> expected;
    for (std::int64_t i = 0; i < rows * cols; ++i)
      expected.push_back(dy[static_cast<std::size_t>(by_row ? i / cols : i % cols)] +
                         (add ? old[static_cast<std::size_t>(i)] : 0.0f));
    for (const Device device : {Device::gpu, Device::cpu}) {
      const Guarded<float> from(dy, device);
      Guarded<float> to(rows * cols, device);
      if (add) to.upload(old);
      if (device == Device::gpu)
        (by_row ? kernels::row_sums_backward : kernels::column_sums_backward)(
            from.data(), to.data(), add, rows, cols, current_stream());
      else
        (by_row ? cpu::row_sums_backward<float>
                : cpu::column_sums_backward<float>)(from.data(), to.data(), add, rows, cols);
      test::expect_equal(to.download(), expected, name_of(device), Content::any);
    }
  });
}

}  // namespace
}  // namespace weft
