#include "weft/ops/resize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "kernels/resize/resize_area.h"
#include "src/cpu/resize.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/autograd.h"
#include "weft/error.h"

namespace weft {
namespace {

using test::Guarded;
using Floats = std::vector<float>;
using Bytes = std::vector<std::uint8_t>;

struct Sizes {
  std::int64_t n, h, w, c, p, q;
  std::int64_t in() const { return n * h * w * c; }
  std::int64_t out() const { return n * p * q * c; }
  std::string text() const {
    return std::to_string(n) + " of " + std::to_string(h) + " x " + std::to_string(w) + " x " +
           std::to_string(c) + " to " + std::to_string(p) + " x " + std::to_string(q);
  }
};

template <class Source>
using Result = std::conditional_t<std::is_same_v<Source, double>, double, float>;

template <class Source>
std::vector<Result<Source>> run(Device device, const Sizes& s, const std::vector<Source>& x,
                                std::int64_t misalign = 0) {
  const Guarded<Source> from(x, device, misalign);
  const Guarded<Result<Source>> to(s.out(), device, misalign / 2);
  if (device == Device::cpu)
    cpu::resize_area(from.data(), to.data(), s.n, s.h, s.w, s.c, s.p, s.q);
  else if constexpr (!std::is_same_v<Source, double>)
    kernels::resize_area(from.data(), to.data(), s.n, s.h, s.w, s.c, s.p, s.q, current_stream());
  return to.download();
}

struct Mean {
  double value = 0;
  double spread = 0;  // mean distance from the first pixel, as the sums are made of
};

/// Output pixel (p, q) covers rows p h / P to (p + 1) h / P, as real numbers, and columns likewise.
template <class Source>
Mean mean_of_rectangle(const Sizes& s, const std::vector<Source>& x, std::int64_t image,
                       std::int64_t p, std::int64_t q, std::int64_t channel) {
  using Real = long double;  // to have roundings of its own that do not show beside those of double
  const auto overlap = [](std::int64_t i, std::int64_t o, std::int64_t in, std::int64_t out) {
    const Real scale = static_cast<Real>(in) / static_cast<Real>(out);
    const auto first = static_cast<Real>(i), begin = static_cast<Real>(o) * scale;
    const Real shared = std::min(first + 1, begin + scale) - std::max(first, begin);
    return std::max(Real{0}, shared) / scale;
  };
  const auto pixel = [&](std::int64_t i, std::int64_t j) {
    return static_cast<Real>(
        x[static_cast<std::size_t>(((image * s.h + i) * s.w + j) * s.c + channel)]);
  };
  const Real base = pixel(p * s.h / s.p, q * s.w / s.q);
  Real mean = 0, spread = 0;
  for (std::int64_t i = 0; i < s.h; ++i)
    for (std::int64_t j = 0; j < s.w; ++j) {
      const Real weight = overlap(i, p, s.h, s.p) * overlap(j, q, s.w, s.q);
      mean += weight * pixel(i, j);
      spread += weight * std::abs(pixel(i, j) - base);
    }
  return {static_cast<double>(mean), static_cast<double>(spread)};
}

// Roundings: of each difference, of a sum of as many products as the rectangle has columns, of one of as many
// as it has rows, of the area (exact here) and the quotient: all of the spread. And one of the last sum, and of the oracle.
template <class Source>
void check(const std::string& name, Device device, test::Rng& rng, const Sizes& s,
           std::int64_t misalign) {
  std::vector<Source> x;
  if constexpr (std::is_same_v<Source, std::uint8_t>)
    x = rng.small_integers<Source>(s.in(), 0, 255);
  else
    x = rng.normal<Source>(s.in(), 3);
  std::vector<double> expected, magnitude;
  for (std::int64_t i = 0; i < s.n; ++i)
    for (std::int64_t p = 0; p < s.p; ++p)
      for (std::int64_t q = 0; q < s.q; ++q)
        for (std::int64_t channel = 0; channel < s.c; ++channel) {
          const Mean mean = mean_of_rectangle(s, x, i, p, q, channel);
          expected.push_back(mean.value);
          magnitude.push_back(mean.spread + std::abs(mean.value));
        }
  const auto terms = static_cast<double>(s.h / s.p + s.w / s.q + 2 * 2);
  test::note_worst(name, test::expect_sum_close(run(device, s, x, misalign), expected, magnitude,
                                                terms + 4, s.text(), test::Content::any));
}

Sizes random_sizes(test::Rng& rng, std::int64_t most) {
  return {.n = rng.integer(0, 3),
          .h = rng.integer(1, most),
          .w = rng.integer(1, most),
          .c = rng.chance(0.6) ? 1 : rng.integer(0, 5),
          .p = rng.integer(1, most),
          .q = rng.integer(1, most)};
}

const std::vector<Sizes> kEdges = {
    {1, 28, 28, 1, 16, 16}, {2, 28, 28, 1, 14, 7},  {1, 1, 1, 3, 1, 1},   {1, 1, 1, 1, 3, 5},
    {1, 31, 33, 1, 1, 1},   {1, 7, 5, 3, 5, 7},     {3, 2, 1, 4, 4, 130}, {1, 3, 300, 1, 2, 129},
    {2, 4, 8, 33, 2, 4},    {1, 97, 1, 2, 89, 127}, {5, 2, 2, 1, 1, 128}, {1, 2, 9, 43, 3, 3}};

TEST(ResizeArea, TwinFollowsTheDefinition) {
  test::Rng edges(1);
  for (const Sizes& s : kEdges) check<float>("cpu resize_area", Device::cpu, edges, s, 0);
  test::for_each_seed("cpu resize_area", [](test::Rng& rng) {
    const Sizes s = random_sizes(rng, 12);
    check<float>("cpu resize_area", Device::cpu, rng, s, 0);
    check<double>("cpu resize_area", Device::cpu, rng, s, 0);
    check<std::uint8_t>("cpu resize_area", Device::cpu, rng, s, 0);
  });
}

TEST(ResizeArea, KernelFollowsTheDefinition) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  const char* const kName = "resize_area_kernel";
  test::Rng edges(2);
  for (const Sizes& s : kEdges)
    for (const std::int64_t misalign : {0, 1}) {
      check<float>(kName, Device::gpu, edges, s, misalign);
      check<std::uint8_t>(kName, Device::gpu, edges, s, misalign);
    }
  test::for_each_seed(kName, [&](test::Rng& rng) {
    const Sizes s = random_sizes(rng, 14);
    check<float>(kName, Device::gpu, rng, s, rng.integer(0, 4));
    check<std::uint8_t>(kName, Device::gpu, rng, s, rng.integer(0, 4));
  });
}

/// A row of more elements than a grid has threads for, and units beyond 32 bits: 66000 x 65999 of them.
TEST(ResizeArea, RowsMayBeLong) {
  for (const Device device : {Device::cpu, Device::gpu}) {
    if (device == Device::gpu && !gpu_available()) continue;
    const Sizes same{1, 1, 4096 * 128 + 300, 1, 1, 4096 * 128 + 300};
    Floats x(static_cast<std::size_t>(same.in()));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 4093);
    test::expect_equal(run(device, same, x), x);
    const Sizes shrunk{1, 1, 66000, 1, 1, 65999};
    x.resize(66000);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);  // a ramp
    Floats expected;
    for (std::size_t i = 0; i < 65999; ++i) {
      // The pixel starts i / 65999 into input pixel i and takes the rest of it, and all of its own length
      // but that from the next one.
      const double length = 66000.0 / 65999, start = static_cast<double>(i) * length,
                   own = static_cast<double>(i + 1) - start;
      expected.push_back(static_cast<float>(static_cast<double>(i) + (length - own) / length));
    }
    test::expect_close(run(device, shrunk, x), expected, {.rel = 4 * 0x1p-24});
  }
}

TEST(ResizeArea, SameBitsUnderEverySchedule) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng rng(3);
  const Sizes s{2, 28, 28, 3, 16, 16};
  const Floats x = rng.normal(s.in());
  test::expect_same_bits(
      20, [&] { return run(Device::gpu, s, x); }, "resize_area");
}

class Resize : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam() == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
};

TEST_P(Resize, GivesHandComputedResults) {
  const Tensor x = from_values(Bytes{0, 100, 200, 255, 4, 8, 12, 16}, {1, 2, 4}).to(GetParam());
  EXPECT_EQ(resize_area(x, {1, 2}).to_vector<float>(), (Floats{28, 120.75}));
  EXPECT_EQ(resize_area(x, {1, 2}).shape(), (Shape{1, 1, 2}));
  EXPECT_EQ(resize_area(x, 2).to_vector<float>(), (Floats{50, 227.5, 6, 14}));
  EXPECT_EQ(resize_area(x, {2, 4}).to_vector<float>(), (Floats{0, 100, 200, 255, 4, 8, 12, 16}));
  EXPECT_EQ(resize_area(x, 2).device(), GetParam());
  EXPECT_EQ(resize_area(x, 2).dtype(), DType::float32);
  // 3 -> 2 columns: each has one pixel and half of the middle one.
  const Tensor colours = from_values(Floats{3, 30, 6, 60, 9, 90}, {1, 1, 3, 2}).to(GetParam());
  EXPECT_EQ(resize_area(colours, {1, 2}).to_vector<float>(), (Floats{4, 40, 8, 80}));
  // 2 -> 3 columns: the middle one has half of each.
  const Tensor pair = from_values(Floats{1, 5}, {1, 1, 2}).to(GetParam());
  EXPECT_EQ(resize_area(pair, {2, 3}).to_vector<float>(), (Floats{1, 3, 5, 1, 3, 5}));
  EXPECT_EQ(resize_area(pair, {1, 4}).to_vector<float>(), (Floats{1, 1, 5, 5}));
}

TEST_P(Resize, AConstantStaysOneToTheBit) {
  for (const float value : {0.1f, 255.0f, -3e-39f, 1e38f})
    for (const Size2d size : {Size2d{14, 14}, Size2d{16, 16}, Size2d{9, 57}, Size2d{1, 27}}) {
      const Tensor x = full({2, 28, 27, 3}, static_cast<double>(value), DType::float32, GetParam());
      const Floats y = resize_area(x, size).to_vector<float>();
      EXPECT_EQ(std::ranges::count(y, value), static_cast<std::ptrdiff_t>(y.size()));
    }
}

/// Every input pixel has the same part in the outputs together. Magnitudes are means of |x| under 9.
TEST_P(Resize, KeepsTheMean) {
  test::Rng rng(4);
  const auto mean = [](const Floats& values) {
    double sum = 0;
    for (const float value : values) sum += static_cast<double>(value);
    return sum / static_cast<double>(values.size());
  };
  const Floats values = rng.normal(28 * 28, 1);
  const Tensor x = from_values(values, {1, 28, 28}).to(GetParam());
  for (const Size2d size : {Size2d{16, 16}, Size2d{7, 28}, Size2d{5, 3}, Size2d{41, 29}})
    EXPECT_NEAR(mean(resize_area(x, size).to_vector<float>()), mean(values), 30 * 0x1p-24 * 9);
}

TEST_P(Resize, StaysWithinItsRectanglesAndShowsWhatIsNoNumber) {
  Floats values(16, 1.0f);
  values[0] = std::nanf(""), values[2] = INFINITY, values[9] = -INFINITY;
  const Tensor x = from_values(values, {1, 4, 4}).to(GetParam());
  const Floats y = resize_area(x, 2).to_vector<float>();
  EXPECT_TRUE(std::isnan(y[0]));
  EXPECT_FALSE(std::isfinite(y[1]));
  EXPECT_FALSE(std::isfinite(y[2]));
  EXPECT_EQ(y[3], 1);
}

TEST_P(Resize, TakesNoImagesAndNoChannels) {
  EXPECT_EQ(resize_area(empty({0, 4, 4}, DType::uint8, GetParam()), 2).shape(), (Shape{0, 2, 2}));
  EXPECT_EQ(resize_area(empty({2, 4, 4, 0}, DType::float32, GetParam()), {2, 3}).shape(),
            (Shape{2, 2, 3, 0}));
}

INSTANTIATE_TEST_SUITE_P(Devices, Resize, ::testing::Values(Device::cpu, Device::gpu),
                         [](const auto& device) { return std::string(name_of(device.param)); });

TEST(ResizeArea, IsNotRecorded) {
  const Tensor x = full({1, 4, 4}, 1).set_requires_grad();
  EXPECT_FALSE(resize_area(x, 2).requires_grad());
}

TEST(ResizeArea, RefusesWhatItCannotTake) {
  using test::error_of;
  EXPECT_EQ(error_of<ShapeError>([] {
              resize_area(zeros({4, 4}), 2);
            }),
            "resize_area: expected images [n, h, w, c] or [n, h, w], got [4, 4]");
  EXPECT_EQ(error_of<ShapeError>([] {
              resize_area(zeros({1, 4, 4}, DType::int32), 2);
            }),
            "resize_area: expected images of uint8, float32 or float64, got int32");
  EXPECT_EQ(error_of<ShapeError>([] {
              resize_area(zeros({1, 4, 4}), {0, 2});
            }),
            "resize_area: expected a size of 1 to 2^30 rows and columns, got 0 x 2");
  EXPECT_THROW(resize_area(zeros({1, 4, 4}), {2, -1}), ShapeError);
  EXPECT_THROW(resize_area(zeros({1, 4, 4}), {2, (std::int64_t{1} << 30) + 1}), ShapeError);
  EXPECT_EQ(error_of<ShapeError>([] {
              resize_area(zeros({1, 0, 4}), 2);
            }),
            "resize_area: expected images of 1 to 2^30 rows and columns, got [1, 0, 4]");
}

}  // namespace
}  // namespace weft
