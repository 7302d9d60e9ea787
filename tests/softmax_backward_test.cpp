#include <gtest/gtest.h>

#include <cmath>

#include "kernels/softmax/softmax_backward.h"
#include "src/cpu/softmax.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/gpu_test.h"
#include "tests/support/guarded.h"
#include "tests/support/row_plans.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "tests/support/softmax_oracle.h"
#include "weft/autograd.h"
#include "weft/error.h"
#include "weft/ops/softmax.h"
#include "weft/stream.h"

namespace weft {
namespace {

using test::Guarded;
using test::Rng;
using test::RowPlan;
using test::RowScheme;

/// y, dy and what dx holds before, for one run of softmax's backward.
template <class T>
struct Case {
  std::int64_t rows, cols;
  std::vector<T> y, dy, dx;
  bool add;

  Case(Rng& rng, std::int64_t rows_, std::int64_t cols_, bool add_)
      : rows(rows_), cols(cols_), add(add_) {
    const auto probabilities = test::softmax_oracle(rng.normal<T>(rows * cols), rows, cols).y;
    y.assign(probabilities.begin(), probabilities.end());
    dy = rng.normal<T>(rows * cols);
    dx = rng.normal<T>(rows * cols);
  }

  std::string name() const {
    return std::to_string(rows) + "x" + std::to_string(cols) + (add ? ", adding" : "");
  }
};

struct Expected {
  std::vector<double> dx, magnitude;  // sums of products: dx is right within c u magnitude
};

template <class T>
Expected oracle(const Case<T>& c) {
  Expected expected;
  for (std::int64_t r = 0; r < c.rows; ++r) {
    double dot = 0, dot_magnitude = 0;
    for (auto i = static_cast<std::size_t>(r * c.cols);
         i < static_cast<std::size_t>((r + 1) * c.cols); ++i) {
      dot += static_cast<double>(c.y[i]) * static_cast<double>(c.dy[i]);
      dot_magnitude += std::abs(static_cast<double>(c.y[i]) * static_cast<double>(c.dy[i]));
    }
    for (auto i = static_cast<std::size_t>(r * c.cols);
         i < static_cast<std::size_t>((r + 1) * c.cols); ++i) {
      const double y = c.y[i], dy = c.dy[i], old = c.add ? c.dx[i] : T{0};
      expected.dx.push_back(y * (dy - dot) + old);
      expected.magnitude.push_back(y * (std::abs(dy) + dot_magnitude) + std::abs(old));
    }
  }
  return expected;
}

RowPlan plan_of(std::int64_t cols) { return test::plan_here(kernels::kSoftmaxBackwardRows, cols); }

std::vector<float> run_kernel(const Case<float>& c, RowPlan plan, std::int64_t misalign = 0) {
  const Guarded<float> y(c.y, Device::gpu, misalign), dy(c.dy, Device::gpu, misalign);
  Guarded<float> dx(c.rows * c.cols, Device::gpu, misalign);  // NaN, unless it is added to
  if (c.add) dx.upload(c.dx);
  const Guarded<float> workspace(kernels::row_workspace(plan, c.rows, c.cols));
  kernels::softmax_backward(y.data(), dy.data(), dx.data(), c.add, workspace.data(), c.rows, c.cols,
                            plan, current_stream());
  return dx.download();
}

template <class T>
std::vector<T> run_twin(const Case<T>& c) {
  Guarded<T> dx(c.rows * c.cols, Device::cpu);
  if (c.add) dx.upload(c.dx);
  cpu::softmax_backward(c.y.data(), c.dy.data(), dx.data(), c.add, c.rows, c.cols);
  return dx.download();
}

template <class T>
double roundings(const Case<T>& c) {
  return static_cast<double>(c.cols) + 4;  // the twin adds them one by one
}

void expect_kernel_right(const Case<float>& c, RowPlan plan, std::int64_t misalign) {
  const Expected expected = oracle(c);
  const auto actual = run_kernel(c, plan, misalign);
  const std::string name = c.name() + ", " + test::plan_name(plan);
  // The sum, and four roundings: of a term, the difference, the product and the addition to dx.
  const double bound = test::roundings_of_sum(plan, c.cols, false) + 4;
  test::note_worst(test::kernel_name("softmax_backward", plan.scheme),
                   test::expect_sum_close(actual, expected.dx, expected.magnitude, bound, name,
                                          test::Content::any));
  test::expect_sum_close(actual, run_twin(c), expected.magnitude, bound + roundings(c), name,
                         test::Content::any);
}

TEST(SoftmaxBackward, TwinAgreesWithTheOracle) {
  Rng rng(1);
  const auto check = [&]<class T>(const Case<T>& c) {
    const Expected expected = oracle(c);
    test::expect_sum_close(run_twin(c), expected.dx, expected.magnitude, roundings(c), c.name(),
                           test::Content::any);
  };
  for (const std::int64_t cols : test::edge_sizes(128))
    for (const std::int64_t rows : {0, 1, 33})
      for (const bool add : {false, true}) {
        check(Case<float>(rng, rows, cols, add));
        check(Case<double>(rng, rows, cols, add));
      }
  check(Case<float>(rng, 3000, 129, false));  // by several threads
  check(Case<float>(rng, 2, 300001, true));   // each row by several threads
}

class SoftmaxBackwardKernel : public test::GpuTest {};

TEST_F(SoftmaxBackwardKernel, AgreesWithTheTwinOnEdgeSizes) {
  Rng rng(2);
  for (const std::int64_t cols : {0,   1,   15,  16,  17,   31,   32,   33,   127,  128,
                                  129, 511, 512, 513, 2047, 2048, 2049, 8191, 8192, 8193})
    for (const std::int64_t rows : {0, 1, 33})
      if (rows * cols <= 101000)
        for (const bool add : {false, true})
          expect_kernel_right(Case<float>(rng, rows, cols, add), plan_of(cols), cols % 3);
  // Rows shorter than a tile, one of as many parts as there may be, and one past a tile of each kernel.
  for (const std::int64_t cols : {1, 3, 4, 5, 1021, 1024, 4096, 4097, 16385}) {
    const Case<float> c(rng, 1, cols, cols % 2 == 0);
    expect_kernel_right(c, {RowScheme::shared}, cols % 3);
    const std::int64_t shortest = (cols + 1023) / 1024 * 4;
    for (const std::int64_t part_cols : {shortest, std::int64_t{4096}, std::int64_t{8192}})
      expect_kernel_right(c, {RowScheme::parts, part_cols}, cols % 3);
  }
}

TEST_F(SoftmaxBackwardKernel, LongRows) {
  Rng rng(6);
  const std::int64_t in_registers = kernels::kSoftmaxBackwardRows.in_registers;
  const std::int64_t in_shared = test::longest_in_shared(kernels::kSoftmaxBackwardRows);
  for (const std::int64_t cols : {in_registers - 1, in_registers, in_registers + 1, in_shared - 1,
                                  in_shared, in_shared + 1, std::int64_t{100003}})
    if (cols > 0)
      expect_kernel_right(Case<float>(rng, 2, cols, cols % 2 == 0), plan_of(cols), cols % 2);
}

TEST_F(SoftmaxBackwardKernel, AgreesWithTheTwinOnSeededShapes) {
  for (const RowScheme scheme : test::kRowSchemes)
    test::for_each_seed(test::kernel_name("softmax_backward", scheme), [scheme](Rng& rng) {
      const bool by_small_groups = scheme == RowScheme::registers;
      const std::int64_t cols = rng.size(rng.chance(0.1) ? 3000 : 300);
      const std::int64_t rows = rng.size(!by_small_groups ? 2 : cols > 300 ? 4 : 70);
      const bool add = rng.chance(0.5);
      const std::int64_t misalign = rng.integer(0, 3);
      const RowPlan plan = test::random_plan(rng, scheme, cols);
      expect_kernel_right(Case<float>(rng, rows, cols, add), plan, misalign);
    });
}

TEST_F(SoftmaxBackwardKernel, SameBitsUnderEverySchedule) {
  Rng rng(3);
  struct Run {
    std::int64_t rows, cols;
    RowPlan plan;
  };
  for (const auto& [rows, cols, plan] : {Run{37, 12, plan_of(12)},
                                         {5, 500, plan_of(500)},
                                         {3, 1000, plan_of(1000)},
                                         {1, 9000, plan_of(9000)},
                                         {2, 900, {RowScheme::shared}},
                                         {2, 900, {RowScheme::parts, 100}}}) {
    const Case<float> c(rng, rows, cols, true);
    const std::string name = c.name() + ", " + test::plan_name(plan);
    const auto run = [&, plan = plan](std::int64_t misalign) {
      return run_kernel(c, plan, misalign);
    };
    test::expect_same_bits(
        20, [&] { return run(0); }, name);
    test::expect_same_bits(run(1), run(0), name + ", misaligned");
  }
}

TEST(SoftmaxOp, GradientAgreesWithDifferences) {
  Rng rng(4);
  for (const auto& [rows, cols] : {std::pair<std::int64_t, std::int64_t>{1, 1}, {3, 5}, {2, 17}}) {
    Tensor x = from_values(rng.normal<double>(rows * cols), {rows, cols});
    EXPECT_EQ(gradient_check([](const std::vector<Tensor>& in) { return softmax(in[0]); }, {x}),
              "");
  }
}

TEST(SoftmaxOp, IsTheSameOnBothDevices) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Rng rng(5);
  const Tensor on_cpu = from_values(rng.normal(60), {6, 10});
  const Tensor weights = from_values(rng.normal(60), {6, 10});
  const auto run = [&](Device device) {
    Tensor x = on_cpu.to(device).clone().set_requires_grad();
    const Tensor y = softmax(x);
    EXPECT_EQ(y.device(), device);
    record("dot", full({}, 0, DType::float32, device), {y},
           [&](const Tensor&, Gradients& gradients) { gradients.give(0, weights.to(device)); })
        .backward();
    EXPECT_EQ(x.grad().device(), device);
    return std::pair(y.to_vector<float>(), x.grad().to_vector<float>());
  };
  const auto [y_cpu, dx_cpu] = run(Device::cpu);
  const auto [y_gpu, dx_gpu] = run(Device::gpu);
  test::expect_close(y_gpu, y_cpu, {0, 3e-6},
                     "forward");  // 50 roundings: 10 of range, sum of 10, exp
  test::expect_close(dx_gpu, dx_cpu, {1e-6, 1e-5}, "backward");
}

// Rows that take a workspace on the GPU, against float64.
TEST(SoftmaxOp, LongRowsAreRightInEveryScheme) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Rng rng(8);
  for (const std::int64_t cols : {20000, 40000, 70000}) {
    const auto values = rng.normal(2 * cols), weights = rng.normal(2 * cols);
    const auto run = [&]<class T>(Device device, Tensor (*op)(const Tensor&)) {
      const auto tensor = [&](const std::vector<float>& from) {
        return from_values(std::vector<T>(from.begin(), from.end()), {2, cols}).to(device);
      };
      Tensor x = tensor(values).set_requires_grad();
      const Tensor y = op(x);
      record("dot", full({}, 0, y.dtype(), device), {y}, [&](const Tensor&, Gradients& gradients) {
        gradients.give(0, tensor(weights));
      }).backward();
      return std::pair(y.template to_vector<T>(), x.grad().template to_vector<T>());
    };
    const std::string what = std::to_string(cols) + " columns";
    for (Tensor (*op)(const Tensor&) : {softmax, log_softmax}) {
      const auto [y, dx] = run.template operator()<float>(Device::gpu, op);
      const auto [y_expected, dx_expected] = run.template operator()<double>(Device::cpu, op);
      // At most 76 roundings of the sum and 12 of a range of 10; a row's gradients sum up |dy| < 5 with
      // weights of 1 in all (softmax) or of p < 1e-2 each for a sum below 1e3 (log_softmax).
      test::expect_close(y, y_expected, {1e-38, 0x1p-24 * 100}, what);
      const double magnitude = op == softmax ? 1e-2 * 10 : 5 + 1e-2 * static_cast<double>(cols);
      test::expect_close(dx, dx_expected, {0x1p-24 * 200 * magnitude, 0}, what);
    }
  }
}

TEST(SoftmaxOp, EmptyTensorsAndBadOnes) {
  EXPECT_EQ(softmax(empty({0, 3})).shape(), (Shape{0, 3}));
  EXPECT_EQ(softmax(empty({3, 0})).shape(), (Shape{3, 0}));
  EXPECT_EQ(test::error_of<ShapeError>([] { softmax(empty({3})); }),
            "softmax: expected x of rank 2, got [3]");
  EXPECT_NE(test::error_of<ShapeError>([] {
              softmax(empty({3, 4}, DType::int32));
            }).find("expected x of float32 (float64 on the cpu), got int32"),
            std::string::npos);
}

}  // namespace
}  // namespace weft
