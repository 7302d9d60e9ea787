// The twins of convolution against its definition, and the op on both devices.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "src/cpu/convolution.h"
#include "src/cpu/im2col.h"
#include "tests/convolution_case.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/guarded.h"
#include "tests/support/shapes.h"
#include "weft/autograd.h"
#include "weft/error.h"
#include "weft/ops/convolution.h"
#include "weft/ops/elementwise.h"
#include "weft/ops/reduction.h"

namespace weft {
namespace {

using test::Content;
using test::ConvolutionCase;
using test::expect_right;
using test::Guarded;
using test::Rng;
using Floats = std::vector<float>;

constexpr auto kNone = Activation::none;

TEST(Convolution, TwinsFollowTheDefinition) {
  test::for_each_seed("cpu conv2d", [](Rng& rng) {
    const ConvolutionCase p = test::random_convolution(rng, 9, 12);
    const Guarded<float> x(p.x, Device::cpu), weight(p.weight, Device::cpu);
    const Guarded<float> bias(p.bias, Device::cpu), dy(p.dy, Device::cpu);
    const float* const bias_data = p.bias.empty() ? nullptr : bias.data();
    const Guarded<float> y(dy.size(), Device::cpu), direct(dy.size(), Device::cpu);
    const Guarded<float> dx(x.size(), Device::cpu), dweight(weight.size(), Device::cpu);
    cpu::conv2d(x.data(), weight.data(), bias_data, y.data(), p.g, p.k, kNone, 0.0f);
    cpu::conv2d_direct(x.data(), weight.data(), bias_data, direct.data(), p.g, p.k, kNone, 0.0f);
    cpu::conv2d_backward_data(dy.data(), weight.data(), dx.data(), false, p.g, p.k);
    cpu::conv2d_backward_weight(x.data(), dy.data(), dweight.data(), false, p.g, p.k);
    expect_right("cpu conv2d", y.download(), p.forward(), p.taps() + 1, p, p.content());
    expect_right("cpu conv2d_direct", direct.download(), p.forward(), p.taps() + 1, p, p.content());
    expect_right("cpu conv2d_backward_data", dx.download(), p.backward_data(),
                 std::int64_t{p.g.r} * p.g.s * p.k, p);
    expect_right("cpu conv2d_backward_weight", dweight.download(), p.backward_weight(), p.places(),
                 p);
  });
}

TEST(Convolution, TwinsAddToWhatIsThere) {
  Rng rng(5);
  ConvolutionCase p = test::random_convolution(rng, 4, 5);
  p.is_integer = true;
  p.g.n = 2;
  fill(p, rng, false);
  const Floats ones_x(p.x.size(), 1.0f), ones_weight(p.weight.size(), 1.0f);
  Guarded<float> dx(ones_x, Device::cpu), dweight(ones_weight, Device::cpu);
  cpu::conv2d_backward_data(p.dy.data(), p.weight.data(), dx.data(), true, p.g, p.k);
  cpu::conv2d_backward_weight(p.x.data(), p.dy.data(), dweight.data(), true, p.g, p.k);
  test::Sums expected_dx = p.backward_data(), expected_dweight = p.backward_weight();
  for (double& value : expected_dx.value) ++value;
  for (double& value : expected_dweight.value) ++value;
  test::expect_equal(dx.download(), expected_dx.value);
  test::expect_equal(dweight.download(), expected_dweight.value);
}

// Long enough to be cut into blocks and shared among threads.
TEST(Convolution, TwinsWorkInBlocks) {
  Rng rng(6);
  ConvolutionCase p;
  p.g = {.n = 7, .h = 40, .w = 37, .c = 5, .r = 3, .s = 5, .pad_h = 1, .pad_w = 2};
  p.k = 6;
  p.is_integer = true;
  fill(p, rng, true);
  const Guarded<float> y(static_cast<std::int64_t>(p.dy.size()), Device::cpu);
  const Guarded<float> dx(static_cast<std::int64_t>(p.x.size()), Device::cpu);
  const Guarded<float> dweight(static_cast<std::int64_t>(p.weight.size()), Device::cpu);
  cpu::conv2d(p.x.data(), p.weight.data(), p.bias.data(), y.data(), p.g, p.k, kNone, 0.0f);
  cpu::conv2d_backward_data(p.dy.data(), p.weight.data(), dx.data(), false, p.g, p.k);
  cpu::conv2d_backward_weight(p.x.data(), p.dy.data(), dweight.data(), false, p.g, p.k);
  test::expect_equal(y.download(), p.forward().value);
  test::expect_equal(dx.download(), p.backward_data().value);
  test::expect_equal(dweight.download(), p.backward_weight().value);
}

class Conv2dOp : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam() == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
  Tensor on_device(const Floats& values, const Shape& shape) const {
    return from_values(values, shape).to(GetParam());
  }
};

constexpr ConvolutionMethod kMethods[] = {ConvolutionMethod::automatic, ConvolutionMethod::direct,
                                          ConvolutionMethod::im2col,
                                          ConvolutionMethod::implicit_gemm};

TEST_P(Conv2dOp, GivesHandComputedMapsByEveryMethod) {
  Floats image(25, 0.0f);
  for (std::size_t row = 0; row < 5; ++row) image[5 * row + 2] = 1;  // a vertical line
  const Tensor x = on_device(image, {1, 5, 5, 1});
  const Tensor sobel = on_device({1, 0, -1, 2, 0, -2, 1, 0, -1}, {1, 3, 3, 1});
  const Tensor bias = on_device({0.5f}, {1});
  const Tensor ones = on_device(Floats(16, 1.0f), {1, 4, 4, 1});
  const Tensor window = on_device(Floats(4, 1.0f), {1, 2, 2, 1});
  for (const ConvolutionMethod method : kMethods) {
    const Tensor y = conv2d(x, sobel, bias, {.activation = Activation::relu, .method = method});
    EXPECT_EQ(y.shape(), (Shape{1, 3, 3, 1}));
    EXPECT_EQ(y.device(), GetParam());
    EXPECT_EQ(y.to_vector<float>(), (Floats{0, 0.5f, 4.5f, 0, 0.5f, 4.5f, 0, 0.5f, 4.5f}));
    EXPECT_EQ(conv2d(ones, window, {}, {.stride = 2, .method = method}).to_vector<float>(),
              Floats(4, 4.0f));
    EXPECT_EQ(
        conv2d(ones, window, {}, {.stride = 3, .padding = 1, .method = method}).to_vector<float>(),
        (Floats{1, 2, 2, 4}));
  }
}

// All gradients, by every method, against the oracle; and once more where a gradient is there already.
TEST_P(Conv2dOp, HasTheGradientsOfItsDefinition) {
  for (const ConvolutionMethod method : kMethods)
    for (const std::uint64_t seed : {1, 2, 3, 4}) {
      Rng rng(seed);
      ConvolutionCase p = test::random_convolution(rng, 4, 7);
      p.is_integer = true;
      p.g.n = 2, p.g.c = static_cast<int>(seed), p.k = 3;
      fill(p, rng, true);
      const Conv2dOptions options = {.stride = {p.g.stride_h, p.g.stride_w},
                                     .padding = {p.g.pad_h, p.g.pad_w},
                                     .dilation = {p.g.dilation_h, p.g.dilation_w},
                                     .method = method};
      Tensor x = on_device(p.x, {p.g.n, p.g.h, p.g.w, p.g.c});
      Tensor weight = on_device(p.weight, {p.k, p.g.r, p.g.s, p.g.c});
      Tensor bias = on_device(p.bias, {p.k});
      const Tensor dy = on_device(p.dy, {p.g.n, p.g.p, p.g.q, p.k});
      for (Tensor* leaf : {&x, &weight, &bias}) leaf->set_requires_grad();
      sum(conv2d(x, weight, bias, options) * dy).backward();
      const auto doubled = [](std::vector<double> values) {
        for (double& value : values) value *= 2;
        return values;
      };
      std::vector<double> of_bias(static_cast<std::size_t>(p.k));
      for (std::size_t i = 0; i < p.dy.size(); ++i)
        of_bias[i % static_cast<std::size_t>(p.k)] += p.dy[i];
      test::expect_equal(x.grad().to_vector<float>(), p.backward_data().value, p.describe());
      test::expect_equal(weight.grad().to_vector<float>(), p.backward_weight().value);
      test::expect_equal(bias.grad().to_vector<float>(), of_bias);
      sum(conv2d(x, weight, bias, options) * dy).backward();
      test::expect_equal(x.grad().to_vector<float>(), doubled(p.backward_data().value));
      test::expect_equal(weight.grad().to_vector<float>(), doubled(p.backward_weight().value));
      test::expect_equal(bias.grad().to_vector<float>(), doubled(of_bias));
    }
}

TEST_P(Conv2dOp, PassesGradientsThroughASlope) {
  for (const ConvolutionMethod method : kMethods) {
    Tensor x = on_device({-4, 8}, {1, 1, 2, 1});
    x.set_requires_grad();
    const Conv2dOptions options = {
        .activation = Activation::leaky_relu, .slope = 0.25, .method = method};
    const Tensor y = conv2d(x, on_device({2}, {1, 1, 1, 1}), {}, options);
    EXPECT_EQ(y.to_vector<float>(), (Floats{-2, 16}));
    sum(y).backward();
    EXPECT_EQ(x.grad().to_vector<float>(), (Floats{0.5f, 2}));
  }
}

TEST_P(Conv2dOp, TakesEmptyTensors) {
  const Device device = GetParam();
  for (const ConvolutionMethod method : {ConvolutionMethod::automatic, ConvolutionMethod::im2col,
                                         ConvolutionMethod::implicit_gemm}) {
    const Conv2dOptions options = {.padding = 1, .method = method};
    const auto run = [&](const Shape& x, const Shape& weight) {
      Tensor input = zeros(x, DType::float32, device),
             filter = zeros(weight, DType::float32, device);
      Tensor bias = full({weight[0]}, 3, DType::float32, device);
      for (Tensor* leaf : {&input, &filter, &bias}) leaf->set_requires_grad();
      const Tensor y = conv2d(input, filter, bias, options);
      sum(y).backward();
      EXPECT_EQ(filter.grad().shape(), weight);
      EXPECT_EQ(filter.grad().to_vector<float>(), Floats(static_cast<std::size_t>(filter.size())));
      return y;
    };
    EXPECT_EQ(run({0, 4, 4, 2}, {3, 3, 3, 2}).shape(), (Shape{0, 4, 4, 3}));
    EXPECT_EQ(run({1, 4, 4, 2}, {0, 3, 3, 2}).shape(), (Shape{1, 4, 4, 0}));
    EXPECT_EQ(run({1, 2, 2, 0}, {1, 1, 1, 0}).to_vector<float>(), Floats(16, 3.0f));
    EXPECT_EQ(run({1, 0, 2, 1}, {1, 2, 2, 1}).to_vector<float>(), Floats(3, 3.0f));
  }
}

TEST_P(Conv2dOp, Im2colShowsEveryWindow) {
  const Tensor x = on_device({1, 2, 3, 4, 5, 6}, {1, 2, 3, 1});
  EXPECT_EQ(im2col(x, {2, 2}).to_vector<float>(), (Floats{1, 2, 4, 5, 2, 3, 5, 6}));
  EXPECT_EQ(im2col(x, {1, 2}, 2, {0, 1}).to_vector<float>(), (Floats{0, 1, 2, 3}));
  EXPECT_EQ(im2col(x, {2, 2}, 1, 0, {1, 2}).to_vector<float>(), (Floats{1, 3, 4, 6}));
}

INSTANTIATE_TEST_SUITE_P(Devices, Conv2dOp, ::testing::Values(Device::cpu, Device::gpu),
                         [](const auto& device) { return std::string(name_of(device.param)); });

TEST(Convolution, HasTheGradientsOfFiniteDifferences) {
  Rng rng(7);
  const Tensor x = from_values(rng.normal<double>(2 * 5 * 4 * 3), {2, 5, 4, 3});
  const Tensor weight = from_values(rng.normal<double>(4 * 3 * 2 * 3), {4, 3, 2, 3});
  const Tensor bias = from_values(rng.normal<double>(4), {4});
  for (const ConvolutionMethod method : kMethods)
    for (const Activation activation : {Activation::none, Activation::tanh}) {
      const Conv2dOptions options = {.stride = {2, 1},
                                     .padding = {1, 2},
                                     .dilation = {1, 2},
                                     .activation = activation,
                                     .method = method};
      EXPECT_EQ(
          gradient_check(
              [&](const std::vector<Tensor>& in) { return conv2d(in[0], in[1], in[2], options); },
              {x, weight, bias}),
          "");
    }
}

TEST(Convolution, RefusesWhatItCannotTake) {
  using test::error_of;
  const auto message = [](const Shape& x, const Shape& weight, const Conv2dOptions& options = {}) {
    return error_of<ShapeError>([&] { conv2d(zeros(x), zeros(weight), {}, options); });
  };
  EXPECT_EQ(message({5, 5, 1}, {1, 3, 3, 1}),
            "conv2d: expected x [n, h, w, c] of rank 4, got [5, 5, 1]");
  EXPECT_EQ(message({1, 5, 5, 2}, {1, 3, 3, 1}),
            "conv2d: expected weight [k, r, s, 2] for x [1, 5, 5, 2], got [1, 3, 3, 1]");
  EXPECT_EQ(message({1, 2, 5, 1}, {1, 3, 3, 1}),
            "conv2d: expected a window within the padded image, got a window that spans 3x3 and an "
            "image of 2x5 with its padding");
  EXPECT_EQ(message({1, 5, 5, 1}, {1, 3, 3, 1}, {.stride = {0, 1}}),
            "conv2d: expected a stride of 1 or more (and at most 2^30), got 0x1");
  EXPECT_EQ(message({1, 5, 5, 1}, {1, 0, 3, 1}),
            "conv2d: expected a window of 1 or more (and at most 2^30), got 0x3");
  EXPECT_EQ(message({1, 5, 5, 1}, {1, 3, 3, 1}, {.padding = -1}),
            "conv2d: expected a padding of 0 or more (and at most 2^30), got -1x-1");
  EXPECT_EQ(message({1, 5, 5, 1}, {1, 3, 3, 1}, {.padding = {1, 1 << 29}}),
            "conv2d: expected a window within the padded image, got a window that spans 3x3 and an "
            "image of 7x1073741829 with its padding");
  EXPECT_EQ(error_of<ShapeError>([] {
              conv2d(zeros({1, 5, 5, 1}), zeros({2, 3, 3, 1}), zeros({3}));
            }),
            "conv2d: expected bias [2], got [3]");
  EXPECT_EQ(error_of<ShapeError>([] {
              im2col(zeros({1, 5, 5, 1}, DType::int32), 3);
            }),
            "im2col: expected x of float32 (float64 on the cpu), got int32 on the cpu");
  constexpr std::int64_t kHalf = std::int64_t{1} << 29;  // 2^30 places along an axis
  EXPECT_EQ(
      error_of<ShapeError>([] {
        im2col(zeros({16, 2, 2, 1}), 1, 1, kHalf - 1);
      }),
      "im2col: expected fewer than 2^30 pixels, places of the window, and taps times channels, "
      "got 16 images of 2x2, 1073741824x1073741824 places and 1 taps")
      << "2^64 rows, which would be none";
  EXPECT_NE(error_of<ShapeError>([] {
              im2col(zeros({0, 2, 2, 16}), 2 * kHalf, 1, kHalf - 1);
            }),
            "");
  EXPECT_NE(message({1, 1, 1, 1}, {0, 1, 1, 1}, {.padding = kHalf - 1}), "");
  if (!gpu_available()) return;
  EXPECT_EQ(error_of<ShapeError>([] {
              const auto on_gpu = [](const Shape& shape) { return zeros(shape).to(Device::gpu); };
              conv2d(on_gpu({1, 5, 5, 5}), on_gpu({1, 3, 3, 5}), {},
                     {.method = ConvolutionMethod::direct});
            }),
            "conv2d: expected 1 to 4 channels, and windows within 48 KiB of shared memory, for the "
            "direct kernel, got 5 channels and windows of 3x3 with strides of 1x1 and "
            "dilations of 1x1");
}

}  // namespace
}  // namespace weft
