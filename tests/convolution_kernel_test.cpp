// Every convolution kernel against the definition in float64.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/convolution/direct.h"
#include "kernels/convolution/implicit_gemm.h"
#include "kernels/convolution/window_limits.h"
#include "tests/convolution_case.h"
#include "tests/support/compare.h"
#include "tests/support/gpu_test.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/stream.h"

namespace weft {
namespace {

using kernels::ConvolutionPass;
using test::Content;
using test::ConvolutionCase;
using test::expect_right;
using test::Guarded;
using test::Rng;
using Floats = std::vector<float>;

constexpr auto kNone = Activation::none;

/// The kernels' inputs on the gpu, `misalign` floats off 16 bytes.
struct OnGpu {
  Guarded<float> x, weight, bias, dy;
  const float* bias_data;
  std::int64_t misalign;

  OnGpu(const ConvolutionCase& p, std::int64_t misalign_)
      : x(p.x, Device::gpu, misalign_),
        weight(p.weight, Device::gpu, misalign_),
        bias(p.bias, Device::gpu, misalign_),
        dy(p.dy, Device::gpu, misalign_),
        bias_data(p.bias.empty() ? nullptr : bias.data()),
        misalign(misalign_) {}
};

Floats forward(const ConvolutionCase& p, std::int64_t misalign = 0, Activation f = kNone) {
  const OnGpu in(p, misalign);
  const Guarded<float> y(in.dy.size(), Device::gpu, misalign);
  const Guarded<float> workspace(
      kernels::conv2d_implicit_workspace(ConvolutionPass::forward, p.g, p.k), Device::gpu);
  kernels::conv2d_implicit(in.x.data(), in.weight.data(), in.bias_data, y.data(), workspace.data(),
                           p.g, p.k, f, 0.25f, current_stream());
  return y.download();
}

Floats direct(const ConvolutionCase& p, std::int64_t misalign = 0, Activation f = kNone) {
  const OnGpu in(p, misalign);
  const Guarded<float> y(in.dy.size(), Device::gpu, misalign);
  kernels::conv2d_direct(in.x.data(), in.weight.data(), in.bias_data, y.data(), p.g, p.k, f, 0.25f,
                         current_stream());
  return y.download();
}

Floats backward_data(const ConvolutionCase& p, std::int64_t misalign = 0,
                     const Floats* start = nullptr) {
  const OnGpu in(p, misalign);
  Guarded<float> dx(in.x.size(), Device::gpu, misalign);
  if (start != nullptr) dx.upload(*start);
  const Guarded<float> workspace(
      kernels::conv2d_implicit_workspace(ConvolutionPass::backward_data, p.g, p.k), Device::gpu);
  kernels::conv2d_implicit_backward_data(in.dy.data(), in.weight.data(), dx.data(),
                                         start != nullptr, workspace.data(), p.g, p.k,
                                         current_stream());
  return dx.download();
}

Floats backward_weight(const ConvolutionCase& p, std::int64_t misalign = 0,
                       const Floats* start = nullptr) {
  const OnGpu in(p, misalign);
  Guarded<float> dweight(in.weight.size(), Device::gpu, misalign);
  if (start != nullptr) dweight.upload(*start);
  const Guarded<float> workspace(
      kernels::conv2d_implicit_workspace(ConvolutionPass::backward_weight, p.g, p.k), Device::gpu);
  kernels::conv2d_implicit_backward_weight(in.x.data(), in.dy.data(), dweight.data(),
                                           start != nullptr, workspace.data(), p.g, p.k,
                                           current_stream());
  return dweight.download();
}

void expect_all_passes_right(const ConvolutionCase& p, std::int64_t misalign) {
  expect_right("conv2d_implicit_kernel", forward(p, misalign), p.forward(), p.taps() + 1, p,
               p.content());
  expect_right("conv2d_implicit_backward_data_kernel", backward_data(p, misalign),
               p.backward_data(), std::int64_t{p.g.r} * p.g.s * p.k, p);
  expect_right("conv2d_implicit_backward_weight_kernel", backward_weight(p, misalign),
               p.backward_weight(), p.places(), p);
}

class ConvolutionKernel : public test::GpuTest {};

TEST_F(ConvolutionKernel, ImplicitGemmFollowsTheDefinitionOnSeededShapes) {
  test::for_each_seed("conv2d_implicit_kernel", [](Rng& rng) {
    expect_all_passes_right(test::random_convolution(rng, 9, 12),
                            rng.chance(0.25) ? rng.integer(1, 3) : 0);
  });
  test::count_shapes("conv2d_implicit_backward_data_kernel", test::kSeededShapes);
  test::count_shapes("conv2d_implicit_backward_weight_kernel", test::kSeededShapes);
}

// Few and many channels on either side: every tile, cut and whole sums.
TEST_F(ConvolutionKernel, ImplicitGemmFollowsTheDefinitionForEveryTile) {
  Rng rng(1);
  for (const auto& [images, extent, channels, outputs] :
       {std::array{2, 9, 1, 16}, {1, 6, 33, 17}, {3, 5, 20, 65}, {1, 40, 4, 3}, {1, 3, 70, 130}}) {
    ConvolutionCase p;
    p.g = {.n = images,
           .h = extent,
           .w = extent + 1,
           .c = channels,
           .r = 3,
           .s = 3,
           .pad_h = 1,
           .pad_w = 1};
    p.k = outputs;
    p.is_integer = true;
    fill(p, rng, true);
    expect_all_passes_right(p, 0);
  }
}

TEST_F(ConvolutionKernel, DirectFollowsTheDefinition) {
  test::for_each_seed("conv2d_direct_kernel", [](Rng& rng) {
    ConvolutionCase p = test::random_convolution(rng, 4, rng.chance(0.2) ? 70 : 20);
    p.g.c = std::max(p.g.c, 1);
    if (!kernels::conv2d_direct_fits(p.g, p.k)) p.g.stride_h = p.g.stride_w = 1;
    if (rng.chance(0.2)) p.g.h += 17, p.g.w += 20;  // more than one tile
    fill(p, rng, rng.chance(0.5));
    ASSERT_TRUE(kernels::conv2d_direct_fits(p.g, p.k)) << p.describe();
    expect_right("conv2d_direct_kernel", direct(p, rng.chance(0.25) ? rng.integer(1, 3) : 0),
                 p.forward(), p.taps() + 1, p, p.content());
  });
}

TEST_F(ConvolutionKernel, AddToGradientsThatAreThere) {
  Rng rng(2);
  for (const int channels : {3, 8}) {
    ConvolutionCase p = test::random_convolution(rng, 8, 8);
    p.is_integer = true;
    p.g.n = 2, p.g.c = channels, p.k = 8;
    fill(p, rng, false);
    const auto plus_one = [](std::vector<double> values) {
      for (double& value : values) ++value;
      return values;
    };
    const Floats of_x(p.x.size(), 1.0f), of_weight(p.weight.size(), 1.0f);
    test::expect_equal(backward_data(p, 0, &of_x), plus_one(p.backward_data().value), "dx");
    test::expect_equal(backward_weight(p, 0, &of_weight), plus_one(p.backward_weight().value),
                       "dw");
  }
}

TEST_F(ConvolutionKernel, ApplyTheActivationToWholeSums) {
  Rng rng(3);
  for (const int extent : {5, 60}) {  // 60: few outputs of a long sum, cut into slices
    ConvolutionCase p;
    p.g = {.n = 1, .h = 5, .w = 5, .c = 4, .r = 1, .s = 1};
    if (extent == 60) p.g.c = 400;
    p.k = 4;
    p.is_integer = true;
    fill(p, rng, true);
    std::vector<double> expected = p.forward().value;
    for (double& value : expected) value = value < 0 ? 0.25 * value : value;
    test::expect_equal(forward(p, 0, Activation::leaky_relu), expected, p.describe());
    if (extent == 5) test::expect_equal(direct(p, 0, Activation::leaky_relu), expected, "direct");
  }
}

// A pointer alone off 16 bytes: what it is used with may not be accessed 16 bytes at a time for its sake.
TEST_F(ConvolutionKernel, TakeOneMisalignedPointer) {
  Rng rng(8);
  ConvolutionCase p = test::random_convolution(rng, 4, 4);
  p.is_integer = true;
  p.g.n = 2, p.g.c = 4, p.g.r = p.g.s = 2,
  p.k = 4;  // short sums: not cut, so the product adds the bias
  fill(p, rng, true);
  const auto off = [](bool is_this) { return is_this ? 1 : 0; };
  for (int which = 0; which < 4; ++which) {
    const Guarded<float> x(p.x, Device::gpu, off(which == 0));
    const Guarded<float> weight(p.weight, Device::gpu, off(which == 1));
    const Guarded<float> bias(p.bias, Device::gpu, off(which == 2));
    const Guarded<float> y(p.places() * p.k, Device::gpu, off(which == 3));
    const Guarded<float> workspace(
        kernels::conv2d_implicit_workspace(ConvolutionPass::forward, p.g, p.k), Device::gpu);
    kernels::conv2d_implicit(x.data(), weight.data(), bias.data(), y.data(), workspace.data(), p.g,
                             p.k, kNone, 0.0f, current_stream());
    test::expect_equal(y.download(), p.forward().value, "implicit, " + std::to_string(which));
  }
}

TEST_F(ConvolutionKernel, HaveTheSameBitsUnderEverySchedule) {
  Rng rng(4);
  ConvolutionCase p;
  p.g = {.n = 3, .h = 9, .w = 10, .c = 4, .r = 3, .s = 3, .pad_h = 1, .pad_w = 1};
  p.k = 20;
  fill(p, rng, true);
  test::expect_same_bits(
      20, [&] { return forward(p); }, "implicit forward");
  test::expect_same_bits(
      20, [&] { return backward_data(p); }, "implicit backward data");
  test::expect_same_bits(
      20, [&] { return backward_weight(p); }, "implicit backward weight");
  test::expect_same_bits(
      20, [&] { return direct(p); }, "direct");
}

// A NaN or an infinity reaches exactly the places whose window sees it: no term of 0 times padding.
TEST_F(ConvolutionKernel, NanReachesTheWindowsThatSeeItAlone) {
  Rng rng(5);
  for (const float special : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    ConvolutionCase p;
    p.g = {.n = 2, .h = 6, .w = 6, .c = 2, .r = 3, .s = 3, .pad_h = 1, .pad_w = 1};
    p.k = 3;
    fill(p, rng, false);
    p.x[(static_cast<std::size_t>(6 * 2 + 3)) * 2] = special;  // image 0, row 2, column 3
    for (const Floats& y : {forward(p), direct(p)})
      for (std::size_t i = 0; i < y.size(); ++i) {
        const std::size_t place = i / 3, n = place / 36, row = place / 6 % 6, column = place % 6;
        const bool sees = n == 0 && row >= 1 && row <= 3 && column >= 2 && column <= 4;
        EXPECT_EQ(std::isfinite(y[i]), !sees) << i;
      }
  }
}

// The extents of a product are ints with room for a tile: an extent of 2^30 is refused, before any launch.
TEST(Convolution, ProductsTakeFewerThan2To30) {
  constexpr int kLimit = 1 << 30;
  WindowGeometry g = {
      .n = 1 << 10, .h = 1 << 10, .w = (1 << 10) - 1, .c = 1, .r = 1, .s = 1, .p = 1, .q = 1};
  const auto refused = [](const WindowGeometry& of, std::int64_t channels) {
    try {
      kernels::require_product_of_ints("op", of, channels);
      return false;
    } catch (const ShapeError&) {
      return true;
    }
  };
  EXPECT_FALSE(refused(g, 1));
  g.w = 1 << 10;
  EXPECT_TRUE(refused(g, 1)) << "pixels";
  g.w = 1, g.p = 1 << 20;
  EXPECT_TRUE(refused(g, 1)) << "places";
  g.n = 0;
  EXPECT_FALSE(refused(g, kLimit - 1));
  EXPECT_TRUE(refused(g, kLimit)) << "outputs";
  g.c = kLimit;
  EXPECT_TRUE(refused(g, 1)) << "channels";
  g.c = 1, g.r = 1 << 15, g.s = 1 << 15;
  EXPECT_TRUE(refused(g, 1)) << "taps";
}

TEST(Convolution, DirectTakesFewChannelsAndSmallWindows) {
  ConvolutionCase p;
  p.g = {
      .n = 1, .h = 64, .w = 64, .c = 3, .r = 3, .s = 3, .p = 64, .q = 64, .pad_h = 1, .pad_w = 1};
  EXPECT_TRUE(kernels::conv2d_direct_fits(p.g, 32));
  const auto without = [&](auto change) {
    WindowGeometry g = p.g;
    change(g);
    return !kernels::conv2d_direct_fits(g, 32);
  };
  EXPECT_TRUE(without([](auto& g) { g.c = 5; }));
  EXPECT_TRUE(without([](auto& g) { g.c = 0; }));
  EXPECT_TRUE(without([](auto& g) { g.r = g.s = 16; }));
  EXPECT_TRUE(without([](auto& g) { g.stride_h = 1 << 30; }));
  EXPECT_TRUE(without([](auto& g) { g.dilation_w = 1 << 29; }));
  EXPECT_TRUE(without([](auto& g) { g.w = 1 << 29; }));  // times 3 channels, an int's limit
  EXPECT_TRUE(without([](auto& g) { g.pad_w = 1 << 28; }));
}

}  // namespace
}  // namespace weft
