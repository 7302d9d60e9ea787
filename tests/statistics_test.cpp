#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/autograd.h"
#include "weft/error.h"
#include "weft/ops/reduction.h"

namespace weft {
namespace {

using test::Content;
using test::Rng;

class Statistics : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam() == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
  static Tensor values(const std::vector<float>& x, Shape shape) {
    return from_values(x, std::move(shape)).to(GetParam());
  }
};

// In float64, over the `count` elements of x that start at `first`, `step` apart.
struct Exact {
  double sum = 0, magnitude = 0, mean = 0, squares = 0;

  Exact(const std::vector<float>& x, std::int64_t first, std::int64_t count, std::int64_t step) {
    const auto at = [&](std::int64_t i) {
      return static_cast<double>(x[static_cast<std::size_t>(first + i * step)]);
    };
    for (std::int64_t i = 0; i < count; ++i) {
      sum += at(i);
      magnitude += std::abs(at(i));
    }
    mean = sum / static_cast<double>(count);
    for (std::int64_t i = 0; i < count; ++i) squares += (at(i) - mean) * (at(i) - mean);
  }
};

// A mean of n floats is wrong by e <= c u mean |x| with c under n/8 + 45 (tests/reduction_test.cpp), and
// each squared distance by 2 |x - mean| e + e², of which the first part adds up to nothing, and by its
// roundings. So the variance is wrong by the bound of its own sum and e².
double variance_bound(const Exact& exact, std::int64_t count) {
  const double n = static_cast<double>(count), depth = n / 8 + 45, u = 0x1p-24;
  const double e = depth * u * exact.magnitude / n;
  return (depth + 4) * u * exact.squares / (n - 1) + 4 * e * e;
}

void check(Device device, Rng& rng, std::int64_t rows, std::int64_t cols, double offset) {
  const auto x = rng.normal(rows * cols, offset);
  const Tensor on_device = from_values(x, {rows, cols}).to(device);
  const auto expect = [&](const Tensor& sums, const Tensor& means, const Tensor& variances,
                          std::int64_t count, auto exact_of) {
    const auto s = sums.to_vector<float>(), m = means.to_vector<float>(),
               v = variances.to_vector<float>();
    for (std::size_t i = 0; i < s.size(); ++i) {
      const Exact exact = exact_of(static_cast<std::int64_t>(i));
      const double n = static_cast<double>(count), bound = (n / 8 + 45) * 0x1p-24 * exact.magnitude;
      EXPECT_LE(std::abs(s[i] - exact.sum), bound);
      EXPECT_LE(std::abs(m[i] - exact.mean), (bound + 0x1p-23 * exact.magnitude) / n);
      if (count > 1)
        EXPECT_LE(std::abs(v[i] - exact.squares / (n - 1)), variance_bound(exact, count));
      else
        EXPECT_TRUE(std::isnan(v[i]));
    }
  };
  expect(sum(on_device), mean(on_device), variance(on_device), rows * cols,
         [&](std::int64_t) { return Exact(x, 0, rows * cols, 1); });
  expect(row_sums(on_device), row_means(on_device), row_variances(on_device), cols,
         [&](std::int64_t r) { return Exact(x, r * cols, cols, 1); });
  expect(column_sums(on_device), column_means(on_device), column_variances(on_device), rows,
         [&](std::int64_t c) { return Exact(x, c, rows, cols); });
}

TEST_P(Statistics, FollowTheirDefinitions) {
  Rng edges(1);
  for (const std::int64_t a : {1, 2, 31, 33})
    for (const std::int64_t b : {1, 2, 32, 127}) check(GetParam(), edges, a, b, 0);
  check(GetParam(), edges, 3, 1365, 0);  // one under a piece of the total's
  check(GetParam(), edges, 1, 4097, 0);  // one over
  check(GetParam(), edges, 3, 4096 + 11, 0);
  for (int seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(static_cast<std::uint64_t>(seed));
    check(GetParam(), rng, rng.size(60, 1), rng.size(200, 1), 0);
    check(GetParam(), rng, rng.size(60, 1), rng.size(200, 1), 1e4);  // E[x²] - E[x]² would be noise
  }
}

TEST_P(Statistics, GiveHandComputedResults) {
  const Tensor x = values({1, 2, 3, 4, 5, 9}, {2, 3});
  EXPECT_EQ(sum(x).item(), 24);
  EXPECT_EQ(mean(x).item(), 4);
  EXPECT_EQ(variance(x).item(), 8);
  EXPECT_NEAR(variance(x, 0).item(), 40.0 / 6, 1e-6);  // one rounding of 6.67
  EXPECT_EQ(row_means(x).to_vector<float>(), (std::vector<float>{2, 6}));
  EXPECT_EQ(column_means(x).to_vector<float>(), (std::vector<float>{2.5, 3.5, 6}));
  EXPECT_EQ(row_variances(x).to_vector<float>(), (std::vector<float>{1, 7}));
  EXPECT_EQ(column_variances(x, 0).to_vector<float>(), (std::vector<float>{2.25, 2.25, 9}));
  EXPECT_EQ(sum(x).shape(), Shape{});
  EXPECT_EQ(sum(x).device(), GetParam());
}

TEST_P(Statistics, EqualNumbersHaveThatMeanAndNoVariance) {
  for (std::int64_t n = 1; n <= 200; ++n) {  // sums of n threes are exact
    const Tensor x = full({n, 1}, 3, DType::float32, GetParam());
    EXPECT_EQ(mean(x).item(), 3) << n;
    EXPECT_EQ(column_means(x).to_vector<float>()[0], 3) << n;
    EXPECT_EQ(row_means(x.reshape({1, n})).to_vector<float>()[0], 3) << n;
    EXPECT_EQ(variance(x, 0).item(), 0) << n;
    EXPECT_EQ(column_variances(x, 0).to_vector<float>()[0], 0) << n;
    EXPECT_EQ(row_variances(x.reshape({1, n}), 0).to_vector<float>()[0], 0) << n;
  }
}

TEST_P(Statistics, NothingHasASumOfNothing) {
  const Tensor none = empty({0, 3}, DType::float32, GetParam());
  EXPECT_EQ(sum(none).item(), 0);
  EXPECT_TRUE(std::isnan(variance(none).item()));
  EXPECT_TRUE(std::isnan(variance(values({3}, {1})).item()));
  EXPECT_EQ(variance(values({3}, {1}), 0).item(), 0);
  EXPECT_EQ(row_variances(none).shape(), (Shape{0}));
  EXPECT_TRUE(std::isnan(column_variances(none).to_vector<float>()[2]));
  EXPECT_EQ(column_variances(empty({2, 0}, DType::float32, GetParam())).shape(), (Shape{0}));
  EXPECT_THROW(mean(none), ShapeError);
  EXPECT_THROW(column_means(none), ShapeError);
  EXPECT_THROW(row_means(empty({3, 0}, DType::float32, GetParam())), ShapeError);
}

TEST_P(Statistics, GradientsReachEveryPiece) {
  Tensor x = full({2, 4099}, 0.5, DType::float32, GetParam());  // two pieces and a rest
  x.set_requires_grad();
  sum(x).backward();
  test::expect_equal(x.grad().to_vector<float>(), std::vector<float>(2 * 4099, 1.0f));
}

/// Channels are columns: the bound of a deviation s from that of its variance v is |s - s'| = |v - v'| / (s + s').
TEST_P(Statistics, ChannelsFollowTheirDefinitions) {
  for (int seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(static_cast<std::uint64_t>(seed));
    const std::int64_t n = rng.size(9, 2), h = rng.size(7, 1), w = rng.size(7, 1), c = rng.size(40),
                       count = n * h * w;
    const auto x = rng.normal(count * c, rng.chance(0.5) ? 0 : 1e4);
    const Tensor images = values(x, {n, h, w, c});
    const auto means = channel_means(images).to_vector<float>(),
               deviations = channel_deviations(images).to_vector<float>();
    ASSERT_EQ(means.size(), static_cast<std::size_t>(c));
    ASSERT_EQ(deviations.size(), static_cast<std::size_t>(c));
    for (std::int64_t i = 0; i < c; ++i) {
      const Exact exact(x, i, count, c);
      const double size = static_cast<double>(count),
                   deviation = std::sqrt(exact.squares / (size - 1)), u = 0x1p-24;
      const auto at = static_cast<std::size_t>(i);
      EXPECT_LE(std::abs(means[at] - exact.mean), (size / 8 + 47) * u * exact.magnitude / size);
      EXPECT_LE(std::abs(deviations[at] - deviation),
                variance_bound(exact, count) / deviation + 2 * u * deviation);
    }
  }
}

TEST_P(Statistics, ChannelsGiveHandComputedResults) {
  const Tensor x = values({1, 10, 2, 20, 3, 60, 6, 70}, {2, 1, 2, 2});
  EXPECT_EQ(channel_means(x).to_vector<float>(), (std::vector<float>{3, 40}));
  EXPECT_EQ(channel_deviations(values({3, 0, 1, 8}, {2, 2}), 0).to_vector<float>(),
            (std::vector<float>{1, 4}));
  EXPECT_EQ(channel_means(values({5, 7}, {2})).to_vector<float>(), (std::vector<float>{5, 7}));
  EXPECT_TRUE(std::isnan(channel_deviations(values({5, 7}, {2})).to_vector<float>()[1]));
  EXPECT_EQ(channel_deviations(values({5, 7}, {2}), 0).to_vector<float>(),
            (std::vector<float>{0, 0}));
  EXPECT_EQ(channel_means(x).device(), GetParam());
  EXPECT_EQ(channel_means(empty({2, 3, 0}, DType::float32, GetParam())).shape(), (Shape{0}));
  EXPECT_EQ(channel_deviations(empty({2, 3, 0}, DType::float32, GetParam())).shape(), (Shape{0}));
  const Tensor nothing = empty({0, 3, 2}, DType::float32, GetParam());
  EXPECT_TRUE(std::isnan(channel_deviations(nothing).to_vector<float>()[0]));
}

INSTANTIATE_TEST_SUITE_P(Devices, Statistics, ::testing::Values(Device::cpu, Device::gpu),
                         [](const auto& device) { return std::string(name_of(device.param)); });

TEST(Statistic, SameBitsUnderEverySchedule) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Rng rng(3);
  const Tensor x = from_values(rng.normal(3 * 4096 + 17), {3 * 4096 + 17}).to(Device::gpu);
  test::expect_same_bits(
      20, [&] { return sum(x).to_vector<float>(); }, "sum");
  test::expect_same_bits(
      20, [&] { return variance(x).to_vector<float>(); }, "variance");
}

TEST(Statistic, HasTheGradientsOfFiniteDifferences) {
  Rng rng(4);
  const Tensor x = from_values(rng.normal<double>(15), {5, 3});
  using Op = Tensor (*)(const Tensor&);
  for (const Op op : {Op{sum}, Op{mean}, Op{row_means}, Op{column_means}})
    EXPECT_EQ(gradient_check([&](const std::vector<Tensor>& in) { return op(in[0]); }, {x}), "");
  using Spread = Tensor (*)(const Tensor&, int);
  for (const Spread op : {Spread{variance}, Spread{row_variances}, Spread{column_variances}})
    for (const int correction : {0, 1})
      EXPECT_EQ(
          gradient_check([&](const std::vector<Tensor>& in) { return op(in[0], correction); }, {x}),
          "");
}

TEST(Statistic, OfChannelsHaveTheGradientsOfFiniteDifferences) {
  Rng rng(5);
  const Tensor x = from_values(rng.normal<double>(36), {3, 2, 2, 3});
  EXPECT_EQ(gradient_check([](const std::vector<Tensor>& in) { return channel_means(in[0]); }, {x}),
            "");
  for (const int correction : {0, 1})
    EXPECT_EQ(
        gradient_check(
            [&](const std::vector<Tensor>& in) { return channel_deviations(in[0], correction); },
            {x}),
        "");
}

TEST(Statistic, RefusesWhatItCannotTake) {
  using test::error_of;
  EXPECT_EQ(error_of<ShapeError>([] { channel_means(zeros({})); }),
            "channel_means: expected x [..., c], got a scalar");
  EXPECT_EQ(error_of<ShapeError>([] {
              channel_means(zeros({0, 3, 2}));
            }),
            "channel_means: expected at least one element, got [0, 3, 2]");
  EXPECT_EQ(error_of<ShapeError>([] {
              channel_deviations(zeros({4, 2}), 3);
            }),
            "channel_deviations: expected a correction of 0 or 1, got 3");
  EXPECT_EQ(error_of<ShapeError>([] {
              channel_deviations(zeros({2, 3}, DType::uint8));
            }),
            "channel_deviations: expected x of float32 (float64 on the cpu), got uint8 on the cpu");
  EXPECT_EQ(error_of<ShapeError>([] { variance(zeros({3}), 2); }),
            "variance: expected a correction of 0 or 1, got 2");
  EXPECT_EQ(error_of<ShapeError>([] { mean(zeros({0})); }),
            "mean: expected at least one element, got [0]");
  EXPECT_THROW(sum(zeros({2}, DType::int32)), ShapeError);
  EXPECT_THROW(row_means(zeros({3})), ShapeError);
  EXPECT_THROW(column_variances(zeros({3})), ShapeError);
}

}  // namespace
}  // namespace weft
