// What the pooling ops have in common: identities between them, and what they refuse.

#include "weft/ops/pooling.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "src/cpu/pooling.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/shapes.h"
#include "weft/autograd.h"
#include "weft/error.h"
#include "weft/ops/elementwise.h"
#include "weft/ops/reduction.h"

namespace weft {
namespace {

using test::error_of;
using Floats = std::vector<float>;

TEST(Pooling, WindowsOverEachPixel) {
  const auto text = [](std::int64_t extent, const std::vector<cpu::Range>& spans) {
    std::string result;
    for (const auto& [begin, end] : cpu::windows_over(extent, spans))
      result += std::to_string(begin) + "-" + std::to_string(end) + " ";
    return result;
  };
  EXPECT_EQ(text(4, {{-1, 2}, {1, 4}, {3, 6}}), "0-1 0-2 1-2 1-3 ");  // overlapping
  EXPECT_EQ(text(5, {{0, 1}, {3, 4}}), "0-1 1-1 1-1 1-2 2-2 ");       // with gaps
  EXPECT_EQ(text(2, {{0, 1}, {0, 2}, {1, 2}}), "0-2 1-3 ");           // more windows than pixels
  EXPECT_EQ(text(0, {}), "");
}

class PoolingOps : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam() == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
  static Tensor images(const Shape& shape) {
    test::Rng rng(1);
    return from_values(rng.small_integers(shape.size(), -9, 9), shape).to(GetParam());
  }
  static void expect_equal(const Tensor& a, const Tensor& b) {
    test::expect_equal(a.to_vector<float>(), b.to_vector<float>());
  }
};

TEST_P(PoolingOps, AWindowOfOnePixelChangesNothing) {
  const Tensor x = images({2, 5, 7, 3});
  expect_equal(max_pool2d(x, 1), x);
  expect_equal(avg_pool2d(x, 1), x);
  expect_equal(adaptive_avg_pool2d(x, {5, 7}), x);
}

TEST_P(PoolingOps, AWindowOfTheWholeImageIsGlobal) {
  const Tensor x = images({3, 5, 7, 8});
  const Tensor mean = global_avg_pool2d(x);
  expect_equal(avg_pool2d(x, {5, 7}), mean);
  expect_equal(adaptive_avg_pool2d(x, 1), mean);
  expect_equal(max_pool2d(x.rows(0, 1), {5, 7}), column_maxima(x.rows(0, 1).reshape({35, 8})));
}

TEST_P(PoolingOps, EqualPartsOfADivisibleImageAreWindows) {
  const Tensor x = images({2, 6, 8, 5});
  expect_equal(adaptive_avg_pool2d(x, {3, 2}), avg_pool2d(x, {2, 4}));
}

TEST_P(PoolingOps, RecordNothingWithoutAGradient) {
  const Tensor x = images({1, 4, 4, 2});
  EXPECT_FALSE(max_pool2d(x, 2).requires_grad());
  Tensor leaf = x.clone();
  leaf.set_requires_grad();
  EXPECT_TRUE(max_pool2d(leaf, 2).requires_grad());
  const NoGrad off;
  EXPECT_FALSE(max_pool2d(leaf, 2).requires_grad());
  EXPECT_FALSE(avg_pool2d(leaf, 2).requires_grad());
  EXPECT_FALSE(global_avg_pool2d(leaf).requires_grad());
}

INSTANTIATE_TEST_SUITE_P(Devices, PoolingOps, ::testing::Values(Device::cpu, Device::gpu),
                         [](const auto& device) { return std::string(name_of(device.param)); });

TEST(Pooling, RefusesWhatIsNoImage) {
  EXPECT_EQ(error_of<ShapeError>([] {
              max_pool2d(zeros({2, 4, 4}), 2);
            }),
            "max_pool2d: expected x [n, h, w, c] of rank 4, got [2, 4, 4]");
  EXPECT_EQ(error_of<ShapeError>([] {
              avg_pool2d(zeros({2, 4, 4}), 2);
            }),
            "avg_pool2d: expected x [n, h, w, c] of rank 4, got [2, 4, 4]");
  EXPECT_EQ(error_of<ShapeError>([] {
              max_pool2d(zeros({2, 4, 4, 1}, DType::int32), 2);
            }),
            "max_pool2d: expected x of float32 (float64 on the cpu), got int32 on the cpu");
  EXPECT_EQ(error_of<ShapeError>([] {
              max_pool2d(zeros({2, 0, 4, 1}), 2, 2, 1);
            }),
            "max_pool2d: expected images of at least one pixel, got x [2, 0, 4, 1]");
  EXPECT_EQ(error_of<ShapeError>([] {
              global_avg_pool2d(zeros({2, 4, 0, 1}));
            }),
            "global_avg_pool2d: expected images of at least one pixel, got x [2, 4, 0, 1]");
}

TEST(Pooling, RefusesWindowsThatDoNotFit) {
  EXPECT_EQ(error_of<ShapeError>([] {
              max_pool2d(zeros({1, 2, 3, 1}), 3);
            }),
            "max_pool2d: expected a window within the padded image, got a window that spans 3x3 "
            "and an image of 2x3 with its padding");
  EXPECT_THROW(avg_pool2d(zeros({1, 2, 2, 1}), 3), ShapeError);
  EXPECT_THROW(max_pool2d(zeros({1, 2, 2, 1}), 2, 0), ShapeError);
  EXPECT_EQ(error_of<ShapeError>([] {
              avg_pool2d(zeros({2, 4, 4, 1}), {4, 3}, 1, {1, 2});
            }),
            "avg_pool2d: expected a padding of at most half the window, got 1x2 and a window of "
            "4x3");
  EXPECT_EQ(error_of<ShapeError>([] {
              max_pool2d(zeros({2, 4, 4, 1}), {3, 4}, 1, {2, 1});
            }),
            "max_pool2d: expected a padding of at most half the window, got 2x1 and a window of "
            "3x4");
  EXPECT_EQ(error_of<ShapeError>([] {
              max_pool2d(zeros({2, 4, 2, 1}), 2, 1, 1, {1, 3});
            }),
            "max_pool2d: expected windows that cover a pixel, got a dilation of 1x3 over x "
            "[2, 4, 2, 1]");
  EXPECT_THROW(max_pool2d(zeros({2, 2, 4, 1}), 2, 1, 1, {3, 1}), ShapeError);
  EXPECT_EQ(error_of<ShapeError>([] {
              max_pool2d(zeros({0, 1 << 16, 1 << 15, 1}), {1 << 16, 1 << 15});
            }),
            "max_pool2d: expected a window of at most 2147483647 pixels, got 2147483648");
}

TEST(Pooling, EmptyImagesOfAnyExtentTakeNoTime) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 30;
  for (const Shape& shape : {Shape{0, kHuge, kHuge, 1}, Shape{1, kHuge, kHuge, 0}}) {
    Tensor x = zeros(shape);
    x.set_requires_grad();
    const std::int64_t n = shape[0], c = shape[3];
    const Tensor largest = max_pool2d(x, 2), mean = avg_pool2d(x, 2),
                 parts = adaptive_avg_pool2d(x, kHuge);
    EXPECT_EQ(largest.shape(), (Shape{n, kHuge / 2, kHuge / 2, c}));
    EXPECT_EQ(parts.shape(), shape);
    (sum(largest) + sum(mean) + sum(parts)).backward();
    EXPECT_EQ(x.grad().shape(), shape);
  }
}

TEST(Pooling, RefusesAnOutputOfNothing) {
  EXPECT_EQ(error_of<ShapeError>([] {
              adaptive_avg_pool2d(zeros({2, 4, 4, 1}), {2, 0});
            }),
            "adaptive_avg_pool2d: expected an output of 1 or more (and at most 2^30), got 2x0");
  EXPECT_THROW(adaptive_avg_pool2d(zeros({2, 4, 4, 1}), {0, 2}), ShapeError);
  EXPECT_THROW(adaptive_avg_pool2d(zeros({2, 4, 4, 1}), {1, (std::int64_t{1} << 30) + 1}),
               ShapeError);
}

}  // namespace
}  // namespace weft
