// Convolution, ReLU and 2x2 max pooling as one op: its gradients, what it falls back to and what it refuses.

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/shapes.h"
#include "weft/autograd.h"
#include "weft/error.h"
#include "weft/ops/activation.h"
#include "weft/ops/convolution.h"
#include "weft/ops/elementwise.h"
#include "weft/ops/pooling.h"
#include "weft/ops/reduction.h"

namespace weft {
namespace {

using test::Rng;
using Floats = std::vector<float>;

class ConvolutionPoolOp : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam() == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
};

// Integers: the one op and the three give equal results and gradients. 5 channels: the three ops on the gpu; 16: the
// gradients from the maxima alone on the cpu.
TEST_P(ConvolutionPoolOp, IsItsThreeOps) {
  for (const int channels : {1, 3, 5, 16})
    for (const ConvolutionMethod method :
         {ConvolutionMethod::automatic, ConvolutionMethod::implicit_gemm}) {
      Rng rng(static_cast<std::uint64_t>(channels));
      Tensor x = from_values(rng.small_integers(2 * 9 * 7 * channels), {2, 9, 7, channels});
      Tensor weight = from_values(rng.small_integers(6 * 9 * channels), {6, 3, 3, channels});
      Tensor bias = from_values(rng.small_integers(6), {6});
      const Tensor dy = from_values(rng.small_integers(2 * 4 * 3 * 6), {2, 4, 3, 6}).to(GetParam());
      std::vector<Tensor*> leaves{&x, &weight, &bias};
      for (Tensor* leaf : leaves) *leaf = leaf->to(GetParam()), leaf->set_requires_grad();
      const Conv2dOptions options = {.padding = 1, .method = method};
      const auto gradients = [&](const Tensor& y) {
        for (Tensor* leaf : leaves) leaf->set_grad({});
        sum(multiply(y, dy)).backward();
        std::vector<Floats> all{y.to_vector<float>()};
        for (Tensor* leaf : leaves) all.push_back(leaf->grad().to_vector<float>());
        return all;
      };
      const auto one = gradients(conv2d_relu_max_pool(x, weight, bias, options));
      const auto three = gradients(max_pool2d(relu(conv2d(x, weight, bias, options)), 2));
      for (std::size_t i = 0; i < one.size(); ++i)
        test::expect_equal(one[i], three[i], "result or gradient " + std::to_string(i));
    }
}

TEST_P(ConvolutionPoolOp, KeepsNanAndTakesEmptyBatches) {
  Tensor x = full({1, 4, 4, 1}, -1);
  x.data<float>()[5] = std::nanf("");
  const Tensor weight = full({2, 1, 1, 1}, 1).to(GetParam());
  const Floats y = conv2d_relu_max_pool(x.to(GetParam()), weight).to_vector<float>();
  ASSERT_EQ(y.size(), 8u);
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(std::isnan(y[i]), i < 2) << i;
  Tensor empty_batch = zeros({0, 4, 4, 1}, DType::float32, GetParam()), filter = weight.clone();
  filter.set_requires_grad();
  const Tensor nothing = conv2d_relu_max_pool(empty_batch, filter);
  EXPECT_EQ(nothing.shape(), (Shape{0, 2, 2, 2}));
  sum(nothing).backward();
  EXPECT_EQ(filter.grad().to_vector<float>(), (Floats{0, 0}));
}

INSTANTIATE_TEST_SUITE_P(Devices, ConvolutionPoolOp, ::testing::Values(Device::cpu, Device::gpu),
                         [](const auto& device) { return std::string(name_of(device.param)); });

TEST(ConvolutionPool, HasTheGradientsOfFiniteDifferences) {
  for (const int channels : {3, 16}) {  // 16: from the maxima alone
    Rng rng(9);
    const Tensor x = from_values(rng.normal<double>(2 * 6 * 5 * channels), {2, 6, 5, channels});
    const Tensor weight =
        from_values(rng.normal<double>(4 * 3 * 2 * channels), {4, 3, 2, channels});
    const Tensor bias = from_values(rng.normal<double>(4), {4});
    EXPECT_EQ(gradient_check(
                  [](const std::vector<Tensor>& in) {
                    return conv2d_relu_max_pool(in[0], in[1], in[2], {.padding = {1, 0}});
                  },
                  {x, weight, bias}),
              "")
        << channels << " channels";
  }
}

TEST(ConvolutionPool, RefusesWhatItCannotTake) {
  using test::error_of;
  EXPECT_EQ(error_of<ShapeError>([] {
              conv2d_relu_max_pool(zeros({1, 3, 4, 1}), zeros({1, 3, 3, 1}));
            }),
            "conv2d_relu_max_pool: expected a map of 2x2 or more to pool, got 1x2");
  EXPECT_EQ(error_of<ShapeError>([] {
              conv2d_relu_max_pool(zeros({1, 4, 3, 1}), zeros({1, 3, 3, 1}));
            }),
            "conv2d_relu_max_pool: expected a map of 2x2 or more to pool, got 2x1");
  EXPECT_EQ(error_of<ShapeError>([] {
              conv2d_relu_max_pool(zeros({1, 4, 4, 1}), zeros({1, 3, 3, 1}), {},
                                   {.activation = Activation::tanh});
            }),
            "conv2d_relu_max_pool: expected no other activation than relu");
}

}  // namespace
}  // namespace weft
