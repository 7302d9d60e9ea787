#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "kernels/pooling/max_pool.h"
#include "src/cpu/max_pool.h"
#include "tests/pooling_op.h"
#include "tests/support/compare.h"
#include "tests/support/guarded.h"
#include "tests/support/pooling_oracle.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/autograd.h"
#include "weft/ops/elementwise.h"
#include "weft/ops/pooling.h"
#include "weft/ops/reduction.h"

namespace weft {
namespace {

using test::count_of_inputs;
using test::count_of_results;
using test::Guarded;
using test::Rng;
using Floats = std::vector<float>;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

template <class T, class Tap>
struct Result {
  std::vector<T> y;
  std::vector<Tap> taps;
  bool operator==(const Result&) const = default;
};

template <class Tap, class T>
Result<T, Tap> forward(Device device, const std::vector<T>& x, const WindowGeometry& g,
                       std::int64_t misalign = 0) {
  const Guarded<T> from(x, device, misalign);
  const Guarded<T> y(count_of_results(g), device, misalign);
  const Guarded<Tap> taps(y.size(), device, misalign);
  if (device == Device::cpu)
    cpu::max_pool(from.data(), y.data(), taps.data(), g);
  else if constexpr (std::is_same_v<T, float>)
    kernels::max_pool(from.data(), y.data(), taps.data(), g, current_stream());
  return {y.download(), taps.download()};
}

template <class T, class Tap>
std::vector<T> backward(Device device, const std::vector<T>& dy, const std::vector<Tap>& taps,
                        const std::vector<T>* start, const WindowGeometry& g,
                        std::int64_t misalign = 0) {
  const Guarded<T> gradient(dy, device, misalign);
  const Guarded<Tap> choice(taps, device, misalign);
  Guarded<T> dx(count_of_inputs(g), device, misalign);
  const bool add = start != nullptr;
  if (add) dx.upload(*start);
  if (device == Device::cpu)
    cpu::max_pool_backward(gradient.data(), choice.data(), dx.data(), add, g);
  else if constexpr (std::is_same_v<T, float>)
    kernels::max_pool_backward(gradient.data(), choice.data(), dx.data(), add, g, current_stream());
  return dx.download();
}

/// What is written here of a maximum: its value, its tap and its pixel, window by window.
struct Oracle {
  std::vector<double> y;
  std::vector<int> taps;
  std::vector<std::size_t> pixels;  // elements of x
};

template <class T>
Oracle oracle(const std::vector<T>& x, const WindowGeometry& g) {
  Oracle o;
  test::for_each_result(g, [&](int n, int p, int q, int c) {
    int choice = -1;
    std::size_t pixel = 0;
    for (int tap = 0; tap < g.r * g.s; ++tap) {
      const int h = p * g.stride_h - g.pad_h + tap / g.s * g.dilation_h;
      const int w = q * g.stride_w - g.pad_w + tap % g.s * g.dilation_w;
      if (h < 0 || h >= g.h || w < 0 || w >= g.w) continue;
      const std::size_t at = test::element(n, h, w, c, g.h, g.w, g.c);
      if (choice >= 0 && (std::isnan(x[pixel]) || x[at] <= x[pixel])) continue;
      choice = tap;
      pixel = at;
    }
    o.y.push_back(x[pixel]);
    o.taps.push_back(choice);
    o.pixels.push_back(pixel);
  });
  return o;
}

/// Small integers: many equals, and sums of them are exact. Now and then a NaN or -inf.
template <class T>
std::vector<T> mixed(Rng& rng, std::int64_t count) {
  auto x = rng.small_integers<T>(count, -4, 2);
  const double share = rng.chance(0.5) ? 0.3 : 0.02;
  for (T& value : x)
    if (rng.chance(share)) value = rng.chance(0.2) ? kNaN : -kInfinity;
  return x;
}

// Nothing is rounded, so results are equal, not close.
template <class T, class Tap>
void check(Device device, Rng& rng, const WindowGeometry& g, std::int64_t misalign = 0) {
  const std::string what = test::text_of(g) + ", misaligned by " + std::to_string(misalign);
  const auto x = mixed<T>(rng, count_of_inputs(g));
  const Oracle expected = oracle(x, g);
  const auto got = forward<Tap>(device, x, g, misalign);
  test::expect_equal(got.y, expected.y, what, test::Content::any);
  test::expect_equal(got.taps, expected.taps, what + ", taps", test::Content::any);

  const auto dy = rng.small_integers<T>(count_of_results(g), 1, 5);
  const auto start = rng.small_integers<T>(count_of_inputs(g));
  std::vector<double> gradient(x.size()), sum(start.begin(), start.end());
  for (std::size_t i = 0; i < dy.size(); ++i) gradient[expected.pixels[i]] += dy[i];
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += gradient[i];
  const std::vector<Tap> taps(expected.taps.begin(), expected.taps.end());
  test::expect_equal(backward<T, Tap>(device, dy, taps, nullptr, g, misalign), gradient,
                     what + ", gradient", test::Content::any);
  test::expect_equal(backward<T, Tap>(device, dy, taps, &start, g, misalign), sum,
                     what + ", gradient added", test::Content::any);
}

/// Windows of 2 x 2 at that stride, with pixels left over or not.
WindowGeometry any_tiles(Rng& rng, int most_channels) {
  const auto draw = [&](int low, int high) { return static_cast<int>(rng.integer(low, high)); };
  const int n = draw(0, 3), h = draw(2, 9), w = draw(2, 9), pad_h = draw(0, 1), pad_w = draw(0, 1);
  return test::geometry(n, h, w, static_cast<int>(rng.size(most_channels)), 2, 2, 2, 2, pad_h,
                        pad_w);
}

WindowGeometry any_geometry(Rng& rng, int most_channels) {
  if (rng.chance(0.3)) return any_tiles(rng, most_channels);
  return test::any_window(rng, static_cast<int>(rng.size(most_channels)), 4);
}

TEST(MaxPool, TwinFollowsTheDefinition) {
  test::for_each_seed("cpu max_pool", [](Rng& rng) {
    const WindowGeometry g = any_geometry(rng, 70);
    check<float, std::uint8_t>(Device::cpu, rng, g);
    check<double, std::int32_t>(Device::cpu, rng, g);
    if (rng.chance(0.3)) check<float, std::int32_t>(Device::cpu, rng, g);
    if (rng.chance(0.3)) check<double, std::uint8_t>(Device::cpu, rng, g);
  });
  Rng rng(1);
  check<float, std::uint8_t>(Device::cpu, rng,
                             test::geometry(60, 17, 16, 17, 2, 2, 2, 2));  // forks
}

TEST(MaxPool, KernelsFollowTheDefinition) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Rng edges(1);
  for (const int c : {0, 1, 2, 3, 4, 31, 32, 33, 64})
    for (const int w : {2, 5, 33}) {
      check<float, std::uint8_t>(Device::gpu, edges, test::geometry(2, 5, w, c, 2, 2, 2, 2));
      check<float, std::uint8_t>(Device::gpu, edges, test::geometry(1, 4, w, c, 3, 2, 1, 2, 1, 1));
    }
  for (const int w : {255, 256, 257, 773})  // one pixel a thread: a block, and one past it
    for (const int c : {1, 4})
      check<float, std::uint8_t>(Device::gpu, edges, test::geometry(1, 1, w, c, 1, 1, 1, 1));
  check<float, std::uint8_t>(Device::gpu, edges, test::geometry(0, 3, 3, 4, 2, 2, 1, 1));
  check<float, std::uint8_t>(Device::gpu, edges, test::geometry(1, 16, 16, 4, 16, 16, 1, 1));
  check<float, std::int32_t>(Device::gpu, edges, test::geometry(2, 17, 18, 4, 17, 16, 1, 1));
  test::for_each_seed("max_pool_window_kernel", [](Rng& rng) {
    const WindowGeometry g = any_geometry(rng, 12);
    const std::int64_t misalign = rng.integer(0, 4);
    if (rng.chance(0.8))
      check<float, std::uint8_t>(Device::gpu, rng, g, misalign);
    else
      check<float, std::int32_t>(Device::gpu, rng, g, misalign);
  });
  test::for_each_seed("max_pool_backward_gather_kernel", [](Rng& rng) {
    const WindowGeometry g = test::any_window(rng, static_cast<int>(rng.size(12, 1)), 4);
    check<float, std::uint8_t>(Device::gpu, rng, g, rng.integer(0, 4));
  });
  test::for_each_seed("max_pool_backward_tile_kernel", [](Rng& rng) {
    check<float, std::uint8_t>(Device::gpu, rng, any_tiles(rng, 12), rng.integer(0, 4));
  });
}

TEST(MaxPool, SameBitsUnderEverySchedule) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Rng rng(2);
  for (const WindowGeometry& g :
       {test::geometry(3, 9, 10, 5, 3, 3, 2, 1, 1, 1), test::geometry(3, 9, 10, 4, 2, 2, 2, 2)}) {
    const auto x = rng.normal(count_of_inputs(g));
    const auto dy = rng.normal(count_of_results(g));
    const auto taps = forward<std::uint8_t>(Device::gpu, x, g).taps;
    test::expect_same_bits(
        20, [&] { return forward<std::uint8_t>(Device::gpu, x, g).y; }, "max pool");
    test::expect_same_bits(
        20, [&] { return backward<float>(Device::gpu, dy, taps, nullptr, g); }, "backward");
    // Windows are summed in the same order by both twins, at any alignment.
    test::expect_same_bits(backward<float>(Device::gpu, dy, taps, nullptr, g, 1),
                           backward<float>(Device::cpu, dy, taps, nullptr, g), "twins");
  }
}

class MaxPoolOp : public test::PoolingOp {};

TEST_P(MaxPoolOp, GivesHandComputedResults) {
  const Tensor x = image({1, 2, 3, -4, 0, 2, -3, 0, 0, 2, 3, 1, 0, 0, 0, 0}, 4, 4);
  const Tensor y = max_pool2d(x, 2);
  EXPECT_EQ(y.shape(), (Shape{1, 2, 2, 1}));
  EXPECT_EQ(y.device(), GetParam());
  EXPECT_EQ(y.to_vector<float>(), (Floats{2, 3, 2, 3}));
  EXPECT_EQ(shares(x, [](const Tensor& in) { return max_pool2d(in, 2); }),
            (Floats{0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0}));
  EXPECT_EQ(max_pool2d(x, 2, 1).to_vector<float>(), (Floats{2, 3, 3, 2, 3, 3, 2, 3, 3}));
  EXPECT_EQ(shares(x, [](const Tensor& in) { return max_pool2d(in, 2, 1); }),
            (Floats{0, 1, 2, 0, 0, 1, 0, 0, 0, 1, 4, 0, 0, 0, 0, 0}));
  // Rows 0 and 2 or 1 and 3, columns 0 and 2 or 1 and 3.
  EXPECT_EQ(max_pool2d(x, 2, 1, 0, 2).to_vector<float>(), (Floats{3, 2, 0, 2}));
  // A stride beyond the window: column 2 is in no window.
  EXPECT_EQ(max_pool2d(x, {4, 1}, {{1, 3}}).to_vector<float>(), (Floats{1, 1}));
}

TEST_P(MaxPoolOp, PaddingIsNoPixel) {
  const Tensor x =
      image({-5, -2, -3, -4, -1, -6}, 2, 3);  // all below the zeros that padding is not
  const auto op = [](const Tensor& in) { return max_pool2d(in, {3, 2}, {{1, 2}}, 1); };
  EXPECT_EQ(op(x).shape(), (Shape{1, 2, 2, 1}));
  EXPECT_EQ(op(x).to_vector<float>(), (Floats{-4, -1, -4, -1}));
  EXPECT_EQ(shares(x, op), (Floats{0, 0, 0, 2, 2, 0}));
}

TEST_P(MaxPoolOp, NanWinsAndStays) {
  const Floats y =
      max_pool2d(image({1, kNaN, kInfinity, kNaN, 1, 2, 3, 4}, 2, 4), {2, 2}).to_vector<float>();
  EXPECT_TRUE(std::isnan(y[0]));
  EXPECT_TRUE(std::isnan(y[1]));
  EXPECT_EQ(shares(image({1, kNaN, kInfinity, kNaN}, 1, 4),
                   [](const Tensor& in) {
                     return max_pool2d(in, {1, 4});
                   }),
            (Floats{0, 1, 0, 0}));
}

TEST_P(MaxPoolOp, TheFirstOfEqualsIsChosen) {
  EXPECT_EQ(shares(full({1, 2, 2, 1}, 7, DType::float32, GetParam()),
                   [](const Tensor& in) { return max_pool2d(in, 2); }),
            (Floats{1, 0, 0, 0}));
  const Tensor lowest = full({1, 3, 3, 1}, -kInfinity, DType::float32, GetParam());
  const auto op = [](const Tensor& in) { return max_pool2d(in, 2, 2, 1); };
  EXPECT_EQ(op(lowest).to_vector<float>(), Floats(4, -kInfinity));
  EXPECT_EQ(shares(lowest, op), (Floats{1, 1, 0, 1, 1, 0, 0, 0, 0}));
}

TEST_P(MaxPoolOp, LargeWindowsRememberTheirPixel) {  // more taps than a byte tells apart
  Floats values(17 * 17, -1.0f), expected(values.size(), 0.0f);
  values.back() = 3, expected.back() = 1;
  EXPECT_EQ(shares(image(values, 17, 17), [](const Tensor& in) { return max_pool2d(in, 17); }),
            expected);
}

TEST_P(MaxPoolOp, AddsToAGradientThatIsThere) {
  Tensor x = image({1, 2, 3, 4}, 2, 2);
  x.set_requires_grad();
  (sum(max_pool2d(x, 2)) + sum(max_pool2d(x, {1, 2}))).backward();
  EXPECT_EQ(x.grad().to_vector<float>(), (Floats{0, 1, 0, 2}));
}

TEST_P(MaxPoolOp, TakesEmptyTensors) {
  for (const Shape& shape : {Shape{0, 4, 4, 3}, Shape{2, 4, 4, 0}}) {
    Tensor x = empty(shape, DType::float32, GetParam());
    x.set_requires_grad();
    const Tensor y = max_pool2d(x, 2);
    EXPECT_EQ(y.shape(), (Shape{shape[0], 2, 2, shape[3]}));
    sum(y).backward();
    EXPECT_EQ(x.grad().shape(), shape);
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, MaxPoolOp, ::testing::Values(Device::cpu, Device::gpu),
                         [](const auto& device) { return std::string(name_of(device.param)); });

TEST(MaxPool, HasTheGradientsOfFiniteDifferences) {
  std::vector<double> values;  // 0, 1/120, .. in an order that mixes them: no two are equal
  for (int i = 0; i < 120; ++i) values.push_back((i * 37 % 120) / 120.0 - 0.5);
  const Tensor x = from_values(values, {2, 5, 4, 3});
  const auto check_gradient = [&](Size2d window, std::optional<Size2d> stride, Size2d padding,
                                  Size2d dilation) {
    EXPECT_EQ(gradient_check(
                  [&](const std::vector<Tensor>& in) {
                    return max_pool2d(in[0], window, stride, padding, dilation);
                  },
                  {x}),
              "");
  };
  check_gradient(2, {}, 0, 1);
  check_gradient({3, 2}, {{1, 2}}, 1, 1);
  check_gradient({2, 3}, {{2, 1}}, {1, 0}, {3, 1});
  check_gradient({1, 2}, {{3, 2}}, {0, 1}, 1);
}

}  // namespace
}  // namespace weft
