#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/softmax/log_softmax.h"
#include "src/cpu/log_softmax.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "tests/support/softmax_oracle.h"
#include "weft/autograd.h"
#include "weft/error.h"
#include "weft/ops/softmax.h"

namespace weft {
namespace {

using test::Guarded;

std::vector<float> forward(Device device, const std::vector<float>& x, std::int64_t rows,
                           std::int64_t cols, std::int64_t misalign = 0) {
  Guarded<float> from(x, device, misalign), to(rows * cols, device, misalign);
  if (device == Device::gpu)
    kernels::log_softmax(from.data(), to.data(), rows, cols, current_stream());
  else
    cpu::log_softmax(from.data(), to.data(), rows, cols);
  return to.download();
}

std::vector<float> backward(Device device, const std::vector<float>& y,
                            const std::vector<float>& dy, const std::vector<float>* start,
                            std::int64_t rows, std::int64_t cols, std::int64_t misalign) {
  Guarded<float> result(y, device, misalign), gradient(dy, device, misalign),
      to(rows * cols, device, misalign);
  if (start != nullptr) to.upload(*start);
  const bool add = start != nullptr;
  if (device == Device::gpu)
    kernels::log_softmax_backward(result.data(), gradient.data(), to.data(), add, rows, cols,
                                  current_stream());
  else
    cpu::log_softmax_backward(result.data(), gradient.data(), to.data(), add, rows, cols);
  return to.download();
}

void check(Device device, test::Rng& rng, std::int64_t rows, std::int64_t cols,
           std::int64_t misalign) {
  const std::int64_t size = rows * cols;
  const auto x = rng.normal(size, 0, 5), dy = rng.normal(size), start = rng.normal(size);
  const auto oracle = test::softmax_oracle(x, rows, cols);
  const std::string what = std::to_string(rows) + "x" + std::to_string(cols);
  std::vector<double> expected;
  for (std::size_t i = 0; i < x.size(); ++i)
    expected.push_back(x[i] - oracle.log_sum[i / static_cast<std::size_t>(cols)]);
  const auto y = forward(device, x, rows, cols, misalign);
  // x - max and its difference to the log round once each, at up to the row's range; the sum of exps,
  // with its 26 levels of adding at most and the exps' own 2, is relative, and so absolute in the log.
  const double range = test::largest_range(x, rows, cols);
  test::expect_close(y, expected, {.abs = 0x1p-24 * (40 + 2 * range), .rel = 2 * 0x1p-24}, what,
                     test::Content::any);

  std::vector<double> gradient, sum, magnitude;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t first = i / static_cast<std::size_t>(cols) * static_cast<std::size_t>(cols);
    double row_sum = 0, absolute = 0;
    for (std::size_t c = 0; c < static_cast<std::size_t>(cols); ++c)
      row_sum += dy[first + c], absolute += std::abs(static_cast<double>(dy[first + c]));
    const double p = std::exp(static_cast<double>(y[i]));
    gradient.push_back(dy[i] - p * row_sum);
    sum.push_back(gradient[i] + start[i]);
    magnitude.push_back(std::abs(static_cast<double>(dy[i])) + p * absolute * (1 + range) +
                        std::abs(static_cast<double>(start[i])));
  }
  constexpr double kC = 40;  // levels of adding, exp and four roundings
  test::expect_sum_close(backward(device, y, dy, nullptr, rows, cols, misalign), gradient,
                         magnitude, kC, what, test::Content::any);
  test::expect_sum_close(backward(device, y, dy, &start, rows, cols, misalign), sum, magnitude, kC,
                         what, test::Content::any);
}

TEST(LogSoftmax, TwinFollowsTheDefinition) {
  test::for_each_seed("cpu log_softmax", [](test::Rng& rng) {
    check(Device::cpu, rng, rng.size(12), rng.size(100, 1), 0);
  });
}

TEST(LogSoftmax, KernelsFollowTheDefinition) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng edges(1);
  for (const std::int64_t cols : {1, 2, 15, 16, 17, 32, 33, 128, 129, 513, 2049, 8193})
    for (const std::int64_t misalign : {0, 1}) check(Device::gpu, edges, 2, cols, misalign);
  test::for_each_seed("log_softmax_online_kernel", [](test::Rng& rng) {
    check(Device::gpu, rng, rng.size(9), rng.size(600, 1), rng.integer(0, 3));
  });
  test::count_shapes("log_softmax_backward_two_pass_kernel", test::kSeededShapes);  // same loop
}

TEST(LogSoftmax, SameBitsUnderEverySchedule) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng rng(2);
  const auto x = rng.normal(5 * 700);
  test::expect_same_bits(
      20, [&] { return forward(Device::gpu, x, 5, 700); }, "log_softmax");
}

TEST(LogSoftmax, TreatsInfinitiesAndNanAsSoftmaxDoes) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::nanf("");
  const float half = -std::log(2.0f);
  const std::vector<float> x{1, nan, 1, inf, 1, 2, -inf, -inf, 3, -inf, 1000, 1000};
  for (const Device device : {Device::cpu, Device::gpu}) {
    if (device == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
    const auto y = forward(device, x, 6, 2);
    for (const std::size_t i : {0u, 1u, 2u, 3u, 6u, 7u}) EXPECT_TRUE(std::isnan(y[i])) << i;
    EXPECT_EQ(y[8], 0);
    EXPECT_EQ(y[9], -inf);
    EXPECT_NEAR(y[10], half, 1e-6);
  }
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
