#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/softmax/softmax.h"
#include "kernels/softmax/softmax_backward.h"
#include "src/cpu/log_softmax.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/guarded.h"
#include "tests/support/row_plans.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "tests/support/softmax_oracle.h"
#include "weft/autograd.h"
#include "weft/error.h"
#include "weft/ops/softmax.h"

namespace weft {
namespace {

using test::Guarded;
using test::RowPlan;
using test::RowScheme;

/// How the kernels of both directions take a row.
struct Plans {
  RowPlan forward{}, backward{};
};
Plans plans_of(std::int64_t cols) {
  return {test::plan_here(kernels::kLogSoftmaxRows, cols),
          test::plan_here(kernels::kLogSoftmaxBackwardRows, cols)};
}

std::vector<float> forward(Device device, const std::vector<float>& x, std::int64_t rows,
                           std::int64_t cols, RowPlan plan, std::int64_t misalign = 0) {
  const Guarded<float> from(x, device, misalign), to(rows * cols, device, misalign);
  if (device == Device::gpu) {
    const Guarded<float> workspace(kernels::row_workspace(plan, rows, cols));
    kernels::log_softmax(from.data(), to.data(), workspace.data(), rows, cols, plan,
                         current_stream());
  } else {
    cpu::log_softmax(from.data(), to.data(), rows, cols);
  }
  return to.download();
}

std::vector<float> backward(Device device, const std::vector<float>& y,
                            const std::vector<float>& dy, const std::vector<float>* start,
                            std::int64_t rows, std::int64_t cols, RowPlan plan,
                            std::int64_t misalign) {
  Guarded<float> result(y, device, misalign), gradient(dy, device, misalign),
      to(rows * cols, device, misalign);
  if (start != nullptr) to.upload(*start);
  const bool add = start != nullptr;
  if (device == Device::gpu) {
    const Guarded<float> workspace(kernels::row_workspace(plan, rows, cols));
    kernels::log_softmax_backward(result.data(), gradient.data(), to.data(), add, workspace.data(),
                                  rows, cols, plan, current_stream());
  } else {
    cpu::log_softmax_backward(result.data(), gradient.data(), to.data(), add, rows, cols);
  }
  return to.download();
}

void check(Device device, test::Rng& rng, std::int64_t rows, std::int64_t cols, Plans plans,
           std::int64_t misalign) {
  const std::int64_t size = rows * cols;
  const auto x = rng.normal(size, 0, 5), dy = rng.normal(size), start = rng.normal(size);
  const auto oracle = test::softmax_oracle(x, rows, cols);
  std::string what = std::to_string(rows) + "x" + std::to_string(cols);
  if (device == Device::gpu)
    what += ", " + test::plan_name(plans.forward) + ", " + test::plan_name(plans.backward);
  std::vector<double> expected;
  for (std::size_t i = 0; i < x.size(); ++i)
    expected.push_back(x[i] - oracle.log_sum[i / static_cast<std::size_t>(cols)]);
  const auto y = forward(device, x, rows, cols, plans.forward, misalign);
  // x - max and its difference to the log round once each, at up to the row's range; the sum of exps,
  // each right within 2 ulp, is relative, and so absolute in the log, which is itself within 2 ulp of
  // at most log(cols) < 16. A twin's lane adds one by one.
  const bool on_gpu = device == Device::gpu;
  const double range = test::largest_range(x, rows, cols);
  const double depth = on_gpu ? test::roundings_of_sum(plans.forward, cols, true)
                              : static_cast<double>(std::min(cols, std::int64_t{70000}) / 4 + 8);
  test::expect_close(y, expected, {.abs = 0x1p-24 * (depth + 36 + 2 * range), .rel = 2 * 0x1p-24},
                     what, test::Content::any);

  std::vector<double> gradient, sum, magnitude;
  for (std::size_t i = 0; i < x.size();) {
    double row_sum = 0, absolute = 0;
    const std::size_t end = i + static_cast<std::size_t>(cols);
    for (std::size_t c = i; c < end; ++c)
      row_sum += dy[c], absolute += std::abs(static_cast<double>(dy[c]));
    for (; i < end; ++i) {
      const double p = std::exp(static_cast<double>(y[i]));
      gradient.push_back(dy[i] - p * row_sum);
      sum.push_back(gradient[i] + start[i]);
      magnitude.push_back(std::abs(static_cast<double>(dy[i])) + p * absolute +
                          std::abs(static_cast<double>(start[i])));
    }
  }
  // The sum, an exponential of 2 ulp, the product, the difference and the addition to dx.
  const double c = 8 + (on_gpu ? test::roundings_of_sum(plans.backward, cols, false)
                               : static_cast<double>(cols));
  const auto kernel = [&](const char* op, RowScheme scheme) {
    return on_gpu ? test::kernel_name(op, scheme) : std::string("cpu ") + op;
  };
  for (const bool add : {false, true})
    test::note_worst(
        kernel("log_softmax_backward", plans.backward.scheme),
        test::expect_sum_close(
            backward(device, y, dy, add ? &start : nullptr, rows, cols, plans.backward, misalign),
            add ? sum : gradient, magnitude, c, what, test::Content::any));
}

TEST(LogSoftmax, TwinFollowsTheDefinition) {
  test::for_each_seed("cpu log_softmax", [](test::Rng& rng) {
    check(Device::cpu, rng, rng.size(12), rng.size(100, 1), {}, 0);
  });
  test::count_shapes("cpu log_softmax_backward", test::kSeededShapes);  // same loop
  test::Rng rng(3);
  check(Device::cpu, rng, 2, 300001, {}, 0);  // each row by several threads
}

TEST(LogSoftmax, KernelsFollowTheDefinition) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng edges(1);
  for (const std::int64_t cols : {1, 2, 15, 16, 17, 32, 33, 128, 129, 513, 2049, 8193})
    for (const std::int64_t misalign : {0, 1})
      check(Device::gpu, edges, 2, cols, plans_of(cols), misalign);
  for (const RowScheme scheme : test::kRowSchemes) {
    test::for_each_seed(test::kernel_name("log_softmax", scheme), [scheme](test::Rng& rng) {
      const std::int64_t cols = rng.size(600, 1);
      const std::int64_t rows = rng.size(scheme == RowScheme::registers ? 9 : 2);
      const RowPlan plan = test::random_plan(rng, scheme, cols);
      check(Device::gpu, rng, rows, cols, {plan, plan}, rng.integer(0, 3));
    });
    test::count_shapes(test::kernel_name("log_softmax_backward", scheme), test::kSeededShapes);
  }
}

TEST(LogSoftmax, LongRows) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng rng(4);
  const std::int64_t in_registers = kernels::kLogSoftmaxRows.in_registers;
  EXPECT_EQ(kernels::kLogSoftmaxBackwardRows.in_registers, in_registers);
  const std::int64_t in_shared = test::longest_in_shared(kernels::kLogSoftmaxRows);
  for (const std::int64_t cols : {in_registers - 1, in_registers, in_registers + 1, in_shared - 1,
                                  in_shared, in_shared + 1, std::int64_t{100003}})
    if (cols > 0) check(Device::gpu, rng, 1, cols, plans_of(cols), cols % 2);
}

TEST(LogSoftmax, SameBitsForAnyAlignmentAndSchedule) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng rng(2);
  const std::int64_t rows = 3, cols = 700;
  const auto x = rng.normal(rows * cols), dy = rng.normal(rows * cols);
  for (const RowPlan plan :
       {plans_of(cols).forward, RowPlan{RowScheme::shared}, RowPlan{RowScheme::parts, 100}}) {
    const auto run = [&](std::int64_t misalign) {
      auto both = forward(Device::gpu, x, rows, cols, plan, misalign);
      const auto dx = backward(Device::gpu, x, dy, nullptr, rows, cols, plan, misalign);
      both.insert(both.end(), dx.begin(), dx.end());
      return both;
    };
    test::expect_same_bits(
        20, [&] { return run(0); }, test::plan_name(plan));
    test::expect_same_bits(run(1), run(0), test::plan_name(plan) + ", misaligned");
  }
}

TEST(LogSoftmax, TreatsInfinitiesAndNanAsSoftmaxDoes) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::nanf("");
  const float half = -std::log(2.0f);
  for (const std::int64_t cols : {2, 100, 5000}) {
    const auto width = static_cast<std::size_t>(cols);
    // Rows of one value but for the last; what comes first and last; all others are like the first.
    const struct {
      float rest, last, first_result, last_result;
    } rows[] = {{1, nan, nan, nan},     {1, inf, nan, nan},     {nan, 2, nan, nan},
                {inf, 2, nan, nan},     {-inf, -inf, nan, nan}, {-inf, 3, -inf, 0},
                {-1000, 1000, -2000, 0}};
    for (const auto& row : rows) {
      std::vector<float> x(width, row.rest), expected(width, row.first_result);
      x.back() = row.last, expected.back() = row.last_result;
      const std::string what = std::to_string(row.rest) + " and " + std::to_string(row.last);
      test::expect_equal(forward(Device::cpu, x, 1, cols, {}), expected, what, test::Content::any);
      if (!gpu_available()) continue;
      for (const RowPlan plan : {plans_of(cols).forward, RowPlan{RowScheme::shared},
                                 RowPlan{RowScheme::parts, 4 * (cols / 12 + 1)}})
        test::expect_equal(forward(Device::gpu, x, 1, cols, plan), expected,
                           what + ", " + test::plan_name(plan), test::Content::any);
    }
  }
  const auto y = forward(Device::cpu, {1000, 1000}, 1, 2, {});
  EXPECT_NEAR(y[0], half, 1e-6);
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
}

TEST(LogSoftmax, OpWorksOnBothDevicesAndOnNothing) {
  for (const Device device : {Device::cpu, Device::gpu}) {
    if (device == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
    const Tensor x = from_values(std::vector<float>{2, 2}, {1, 2}).to(device);
    EXPECT_NEAR(log_softmax(x).to_vector<float>()[1], -std::log(2.0), 1e-6);
    EXPECT_EQ(log_softmax(empty({0, 3}, DType::float32, device)).shape(), (Shape{0, 3}));
    EXPECT_EQ(log_softmax(empty({3, 0}, DType::float32, device)).shape(), (Shape{3, 0}));
  }
}

TEST(LogSoftmax, HasTheGradientOfFiniteDifferences) {
  test::Rng rng(6);
  EXPECT_EQ(gradient_check([](const std::vector<Tensor>& inputs) { return log_softmax(inputs[0]); },
                           {from_values(rng.normal<double>(15), {5, 3})}),
            "");
  EXPECT_EQ(test::error_of<ShapeError>([] { log_softmax(zeros({3})); }),
            "log_softmax: expected x of rank 2, got [3]");
}

}  // namespace
}  // namespace weft
