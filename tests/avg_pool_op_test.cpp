#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tests/pooling_op.h"
#include "tests/support/shapes.h"
#include "weft/autograd.h"
#include "weft/ops/elementwise.h"
#include "weft/ops/pooling.h"
#include "weft/ops/reduction.h"

namespace weft {
namespace {

using test::Rng;
using Floats = std::vector<float>;

class AvgPoolOp : public test::PoolingOp {};

TEST_P(AvgPoolOp, GivesHandComputedResults) {
  const Tensor x = image({1, 2, 3, -4, 0, 2, -3, 0, 0, 2, 3, 1, 0, 0, 0, 0}, 4, 4);
  const Tensor y = avg_pool2d(x, 2);
  EXPECT_EQ(y.shape(), (Shape{1, 2, 2, 1}));
  EXPECT_EQ(y.device(), GetParam());
  EXPECT_EQ(y.to_vector<float>(), (Floats{1.25f, -1, 0.5f, 1}));
  EXPECT_EQ(shares(x, [](const Tensor& in) { return avg_pool2d(in, 2); }), Floats(16, 0.25f));
  EXPECT_EQ(avg_pool2d(x, 2, 1).to_vector<float>(),
            (Floats{1.25f, 1, -1, 1, 1, 0.25f, 0.5f, 1.25f, 1}));
  EXPECT_EQ(shares(x, [](const Tensor& in) { return avg_pool2d(in, 2, 1); }),
            (Floats{0.25f, 0.5f, 0.5f, 0.25f, 0.5f, 1, 1, 0.5f, 0.5f, 1, 1, 0.5f, 0.25f, 0.5f, 0.5f,
                    0.25f}));
  // A stride beyond the window: column 2 is in no window.
  EXPECT_EQ(avg_pool2d(x, {4, 1}, {{1, 3}}).to_vector<float>(), (Floats{0.25f, -0.75f}));
  EXPECT_EQ(shares(x,
                   [](const Tensor& in) {
                     return avg_pool2d(in, {2, 1}, {{4, 3}});
                   }),
            (Floats{0.5f, 0, 0, 0.5f, 0.5f, 0, 0, 0.5f, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST_P(AvgPoolOp, CountsPaddingOrNot) {
  const Tensor x = image({1, 2, 3, 4}, 2, 2);
  EXPECT_EQ(avg_pool2d(x, 2, 2, 1).to_vector<float>(), (Floats{0.25f, 0.5f, 0.75f, 1}));
  EXPECT_EQ(avg_pool2d(x, 2, 2, 1, false).to_vector<float>(), (Floats{1, 2, 3, 4}));
  EXPECT_EQ(shares(x, [](const Tensor& in) { return avg_pool2d(in, 2, 2, 1); }), Floats(4, 0.25f));
  EXPECT_EQ(shares(x, [](const Tensor& in) { return avg_pool2d(in, 2, 2, 1, false); }),
            Floats(4, 1.0f));
  const Tensor wide = image({1, 2, 3, 4, 5, 6}, 2, 3);
  EXPECT_EQ(avg_pool2d(wide, {1, 3}, {{2, 1}}, {0, 1}).to_vector<float>(),
            (Floats{1, 2, 5 / 3.0f}));
  EXPECT_EQ(avg_pool2d(wide, {1, 3}, {{2, 1}}, {0, 1}, false).to_vector<float>(),
            (Floats{1.5f, 2, 2.5f}));
}

TEST_P(AvgPoolOp, AdaptiveWindowsCoverTheImage) {
  const Tensor x = image({1, 2, 3, 4, 5}, 1, 5);
  const auto thirds = [](const Tensor& in) { return adaptive_avg_pool2d(in, {1, 3}); };
  EXPECT_EQ(thirds(x).shape(), (Shape{1, 1, 3, 1}));
  EXPECT_EQ(thirds(x).to_vector<float>(), (Floats{1.5f, 3, 4.5f}));
  const float half = 0.5f, third = 1 / 3.0f;
  EXPECT_EQ(shares(x, thirds), (Floats{half, half + third, third, third + half, half}));
  EXPECT_EQ(adaptive_avg_pool2d(image({2, 4}, 2, 1), {3, 2}).to_vector<float>(),
            (Floats{2, 2, 3, 3, 4, 4}));  // more results than pixels
  EXPECT_EQ(adaptive_avg_pool2d(image({2, 4}, 2, 1), 1).to_vector<float>(), (Floats{3}));
}

TEST_P(AvgPoolOp, GlobalMeanTakesAllPixels) {
  const Tensor x =
      from_values(Floats{1, 10, 2, 20, 3, 30, 6, 60, -1, 0, -1, 0, -1, 0, -1, 4}, {2, 2, 2, 2})
          .to(GetParam());
  const Tensor y = global_avg_pool2d(x);
  EXPECT_EQ(y.shape(), (Shape{2, 2}));
  EXPECT_EQ(y.device(), GetParam());
  EXPECT_EQ(y.to_vector<float>(), (Floats{3, 30, -1, 1}));
  EXPECT_EQ(shares(x, global_avg_pool2d), Floats(16, 0.25f));
}

TEST_P(AvgPoolOp, NanAndInfinityStayInTheirWindows) {
  const float inf = std::numeric_limits<float>::infinity();
  const Tensor x = image({std::nanf(""), 1, inf, 1, -inf, inf, 1, 3}, 1, 8);
  const Floats y = avg_pool2d(x, {1, 2}).to_vector<float>();
  EXPECT_TRUE(std::isnan(y[0]));
  EXPECT_EQ(y[1], inf);
  EXPECT_TRUE(std::isnan(y[2]));
  EXPECT_EQ(y[3], 2);
  EXPECT_TRUE(std::isnan(global_avg_pool2d(x).item()));
}

TEST_P(AvgPoolOp, AddsToAGradientThatIsThere) {
  Tensor x = image({1, 2, 3, 4}, 2, 2);
  x.set_requires_grad();
  (sum(avg_pool2d(x, 2)) + sum(avg_pool2d(x, {1, 2})) + sum(global_avg_pool2d(x))).backward();
  EXPECT_EQ(x.grad().to_vector<float>(), Floats(4, 1.0f));
}

TEST_P(AvgPoolOp, TakesEmptyTensors) {
  for (const Shape& shape : {Shape{0, 4, 4, 3}, Shape{2, 4, 4, 0}}) {
    Tensor x = empty(shape, DType::float32, GetParam());
    x.set_requires_grad();
    const std::int64_t n = shape[0], c = shape[3];
    EXPECT_EQ(avg_pool2d(x, 2).shape(), (Shape{n, 2, 2, c}));
    EXPECT_EQ(adaptive_avg_pool2d(x, {3, 1}).shape(), (Shape{n, 3, 1, c}));
    EXPECT_EQ(global_avg_pool2d(x).shape(), (Shape{n, c}));
    (sum(avg_pool2d(x, 2)) + sum(global_avg_pool2d(x))).backward();
    EXPECT_EQ(x.grad().shape(), shape);
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, AvgPoolOp, ::testing::Values(Device::cpu, Device::gpu),
                         [](const auto& device) { return std::string(name_of(device.param)); });

TEST(AvgPool, HasTheGradientsOfFiniteDifferences) {
  Rng rng(5);
  const Tensor x = from_values(rng.normal<double>(120), {2, 5, 4, 3});
  const auto check_gradient = [&](auto op) {
    EXPECT_EQ(gradient_check([&](const std::vector<Tensor>& in) { return op(in[0]); }, {x}), "");
  };
  check_gradient([](const Tensor& in) { return avg_pool2d(in, 2); });
  check_gradient([](const Tensor& in) { return avg_pool2d(in, {3, 2}, {{1, 2}}, 1); });
  check_gradient([](const Tensor& in) { return avg_pool2d(in, {3, 2}, {{1, 3}}, 1, false); });
  check_gradient([](const Tensor& in) { return adaptive_avg_pool2d(in, {3, 3}); });
  check_gradient([](const Tensor& in) { return adaptive_avg_pool2d(in, {7, 1}); });
  check_gradient([](const Tensor& in) { return global_avg_pool2d(in); });
}

}  // namespace
}  // namespace weft
