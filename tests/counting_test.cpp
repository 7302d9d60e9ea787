// histogram and one_hot.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/gather/one_hot.h"
#include "kernels/reduction/histogram.h"
#include "src/cpu/histogram.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/error.h"
#include "weft/ops/gather.h"
#include "weft/ops/reduction.h"

namespace weft {
namespace {

using test::Guarded;
using test::Rng;
using Floats = std::vector<float>;
using Counts = std::vector<std::int32_t>;

constexpr std::int64_t kStretch = 4096;  // floats of a thread block
const float kNan = std::nanf(""), kInfinity = std::numeric_limits<float>::infinity();

Counts count(Device device, const Floats& x, std::int32_t bins, float low, float high,
             const Counts& start, std::int64_t misalign = 0) {
  const Guarded<float> from(x, device, misalign);
  Guarded<std::int32_t> counts(start, device);
  if (device == Device::gpu)
    kernels::histogram(from.data(), counts.data(), from.size(), bins, low, high, current_stream());
  else
    cpu::histogram(from.data(), counts.data(), from.size(), bins, low, high);
  return counts.download();
}

// Parts of width 1/4 and numbers that are multiples of 1/8: the bin is exact, in integers.
void check(Device device, Rng& rng, std::int64_t size, std::int32_t bins, std::int64_t misalign) {
  const float low = -2, high = low + static_cast<float>(bins) / 4;
  Floats x(static_cast<std::size_t>(size));
  Counts expected(static_cast<std::size_t>(bins));
  for (std::int32_t& at_start : expected) at_start = static_cast<std::int32_t>(rng.integer(0, 3));
  const Counts start = expected;
  for (float& value : x) {
    const std::int64_t eighths = rng.integer(-4, 2 * bins + 4);  // from low on
    value = low + static_cast<float>(eighths) / 8;
    if (eighths < 0 || eighths > 2 * bins) continue;
    ++expected[static_cast<std::size_t>(std::min<std::int64_t>(eighths / 2, bins - 1))];
  }
  for (const float odd : {kNan, kInfinity, -kInfinity}) x.push_back(odd);
  EXPECT_EQ(count(device, x, bins, low, high, start, misalign), expected)
      << size << " numbers, " << bins << " bins";
}

TEST(Histogram, TwinFollowsTheDefinition) {
  test::for_each_seed("cpu histogram", [](Rng& rng) {
    check(Device::cpu, rng, rng.size(500), static_cast<std::int32_t>(rng.integer(1, 50)), 0);
  });
}

TEST(Histogram, KernelsFollowTheDefinition) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Rng edges(1);
  for (const std::int64_t size : test::edge_sizes(kStretch))
    for (const std::int32_t bins : {1, 10, 4096, 4097}) check(Device::gpu, edges, size, bins, 1);
  test::for_each_seed("histogram_shared_kernel", [](Rng& rng) {
    check(Device::gpu, rng, rng.size(6000), static_cast<std::int32_t>(rng.integer(1, 300)),
          rng.integer(0, 4));
  });
  test::for_each_seed("histogram_global_kernel", [](Rng& rng) {
    check(Device::gpu, rng, rng.size(1000), static_cast<std::int32_t>(rng.integer(4097, 5000)), 0);
  });
}

TEST(Histogram, SameUnderEverySchedule) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Rng rng(2);
  const Floats x = rng.normal(3 * kStretch + 5);
  const Counts once = count(Device::cpu, x, 37, -2.5f, 2.5f, Counts(37));
  test::for_each_schedule(20, [&](const std::string& order) {
    EXPECT_EQ(count(Device::gpu, x, 37, -2.5f, 2.5f, Counts(37)), once) << order;
  });
}

Floats indicators(Device device, const Counts& labels, std::int64_t classes) {
  const Guarded<std::int32_t> from(labels, device);
  Guarded<float> y(from.size() * classes, device);
  if (device == Device::gpu)
    kernels::one_hot(from.data(), y.data(), from.size(), classes, current_stream());
  else
    cpu::one_hot(from.data(), y.data(), from.size(), classes);
  return y.download();
}

void check_indicators(Device device, Rng& rng, std::int64_t size, std::int64_t classes) {
  Counts labels;
  for (std::int64_t i = 0; i < size; ++i)
    labels.push_back(static_cast<std::int32_t>(rng.integer(-1, classes)));  // some are illegal
  const Floats y = indicators(device, labels, classes);
  for (std::int64_t i = 0; i < size * classes; ++i) {
    const std::int32_t label = labels[static_cast<std::size_t>(i / classes)];
    const float value = y[static_cast<std::size_t>(i)];
    if (label < 0 || label >= classes)
      EXPECT_TRUE(std::isnan(value));
    else
      EXPECT_EQ(value, label == i % classes ? 1.0f : 0.0f);
  }
}

TEST(OneHot, TwinAndKernelFollowTheDefinition) {
  test::for_each_seed("cpu one_hot", [](Rng& rng) {
    check_indicators(Device::cpu, rng, rng.size(50), rng.integer(1, 20));
  });
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Rng edges(1);
  for (const std::int64_t size : test::edge_sizes(256))
    check_indicators(Device::gpu, edges, size, 1);
  test::for_each_seed("one_hot_flat_kernel", [](Rng& rng) {
    check_indicators(Device::gpu, rng, rng.size(100), rng.integer(1, 40));
  });
  const Counts labels{3, 0, 2, 1};
  test::expect_same_bits(
      20, [&] { return indicators(Device::gpu, labels, 4); }, "one_hot");
}

TEST(Counting, OpsGiveHandComputedResultsOnBothDevices) {
  for (const Device device : {Device::cpu, Device::gpu}) {
    if (device == Device::gpu && !gpu_available()) continue;
    const Tensor x = from_values(Floats{0, 0.5, 1, 1.5, 2, -0.1f, 2.1f, kNan}, {2, 4}).to(device);
    const Tensor counts = histogram(x, 2, 0, 2);
    EXPECT_EQ(counts.to_vector<std::int32_t>(), (Counts{2, 3}));
    EXPECT_EQ(counts.device(), device);
    EXPECT_EQ(histogram(empty({0}, DType::float32, device), 3, 0, 1).to_vector<std::int32_t>(),
              (Counts{0, 0, 0}));
    const Tensor hot = one_hot(from_values(Counts{2, 0}, {2}).to(device), 3);
    EXPECT_EQ(hot.to_vector<float>(), (Floats{0, 0, 1, 1, 0, 0}));
    EXPECT_EQ(hot.shape(), (Shape{2, 3}));
    EXPECT_EQ(one_hot(empty({0}, DType::int32, device), 3).shape(), (Shape{0, 3}));
  }
}

// bins / (high - low) is 1e38 in the first range, within float32, and 4e39 in the second, beyond it.
TEST(Counting, NarrowRangesHaveBinsUntilTheirNumberOverflows) {
  for (const Device device : {Device::cpu, Device::gpu}) {
    if (device == Device::gpu && !gpu_available()) continue;
    const Tensor x = from_values(Floats{0, 0.55e-37f, 1e-37f, 2e-37f}, {4}).to(device);
    EXPECT_EQ(histogram(x, 10, 0, 1e-37).to_vector<std::int32_t>(),
              (Counts{1, 0, 0, 0, 0, 1, 0, 0, 0, 1}))
        << name_of(device);
    EXPECT_EQ(test::error_of<ShapeError>([&] { histogram(x, 10, 0, 0.25e-38); }),
              "histogram: expected a range that 10 bins can divide in float32, got 0 and "
              "2.5e-39")
        << name_of(device);
  }
  const Tensor doubles = from_values(std::vector<double>{0, 1e-38}, {2});
  EXPECT_EQ(histogram(doubles, 2, 0, 1e-38).to_vector<std::int32_t>(), (Counts{1, 1}));
  EXPECT_THROW(histogram(doubles, 2, 0, 1e-309), ShapeError);
}

TEST(Counting, RefusesWhatItCannotTake) {
  using test::error_of;
  EXPECT_EQ(error_of<ShapeError>([] { histogram(zeros({3}), 0, 0, 1); }),
            "histogram: expected 1 to 2147483647 bins, got 0");
  EXPECT_THROW(histogram(zeros({3}), 5, 1, 1), ShapeError);
  EXPECT_EQ(error_of<ShapeError>([] { histogram(zeros({3}), 5, 1, 1 + 1e-12); }),  // one in float32
            "histogram: expected low < high, a finite distance apart, got 1 and 1.000000000001");
  EXPECT_THROW(histogram(zeros({3}), 5, 0, INFINITY), ShapeError);
  EXPECT_THROW(histogram(zeros({3}), 5, std::nan(""), 1), ShapeError);
  EXPECT_THROW(histogram(zeros({3}, DType::int32), 5, 0, 1), ShapeError);
  EXPECT_EQ(error_of<ShapeError>([] { one_hot(zeros({3}, DType::int32), 0); }),
            "one_hot: expected 1 class or more, got 0");
  EXPECT_THROW(one_hot(zeros({3}), 2), ShapeError);
  EXPECT_THROW(one_hot(zeros({3, 1}, DType::int32), 2), ShapeError);
}

}  // namespace
}  // namespace weft
