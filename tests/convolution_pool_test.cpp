// Convolution, ReLU and 2x2 max pooling in one: the twins and the kernels, forward and for the gradients.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/convolution/direct.h"
#include "kernels/convolution/pooled_backward_weight.h"
#include "src/cpu/convolution.h"
#include "tests/convolution_case.h"
#include "tests/support/compare.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"

namespace weft {
namespace {

using test::Content;
using test::ConvolutionCase;
using test::Guarded;
using test::Rng;
using Floats = std::vector<float>;
using Bytes = std::vector<std::uint8_t>;

/// A case with a map of at least 2x2; only integers, so that maxima and their places are exact.
ConvolutionCase random_case(Rng& rng, int most_channels, int most_outputs) {
  ConvolutionCase p = test::random_convolution(rng, most_channels, most_outputs);
  p.g.c = std::max(p.g.c, 1);
  p.is_integer = true;
  p.g.h += p.g.stride_h + (rng.chance(0.2) ? 18 : 0);
  p.g.w += p.g.stride_w + (rng.chance(0.2) ? 23 : 0);
  if (!kernels::conv2d_pooled_backward_weight_fits(p.g, p.k)) {
    p.g.stride_h = p.g.stride_w = 1;
    p.g.h += 4 * p.g.dilation_h, p.g.w += 4 * p.g.dilation_w;
  }
  fill(p, rng, rng.chance(0.5));
  return p;
}

/// One image of 2x2 pixels and a window of one.
WindowGeometry pixels_of_square() {
  return {.n = 1, .h = 2, .w = 2, .c = 1, .r = 1, .s = 1, .p = 2, .q = 2};
}

struct Pooled {
  Floats y;
  Bytes argmax;
};

std::int64_t pooled_size(const ConvolutionCase& p) {
  return std::int64_t{p.g.n} * (p.g.p / 2) * (p.g.q / 2) * p.k;
}

/// The definition, from the oracle's map.
Pooled oracle(const ConvolutionCase& p) {
  const std::vector<double> map = p.forward().value;
  const std::int64_t rows = p.g.p / 2, columns = p.g.q / 2;
  Pooled result;
  for (std::int64_t i = 0; i < pooled_size(p); ++i) {
    const std::int64_t output = i % p.k, q = i / p.k % columns, row = i / p.k / columns;
    const std::int64_t image = rows == 0 ? 0 : row / rows, first_row = 2 * (row % rows);
    double best = -1;
    int which = 0;
    for (int place = 0; place < 4; ++place) {
      const std::int64_t at =
          ((image * p.g.p + first_row + place / 2) * p.g.q + 2 * q + place % 2) * p.k + output;
      const double value = std::max(map[static_cast<std::size_t>(at)], 0.0);
      if (value > best) best = value, which = place;
    }
    result.y.push_back(static_cast<float>(best));
    result.argmax.push_back(static_cast<std::uint8_t>(which));
  }
  return result;
}

Pooled forward(Device device, const ConvolutionCase& p, std::int64_t misalign = 0) {
  const Guarded<float> x(p.x, device, misalign), weight(p.weight, device, misalign);
  const Guarded<float> bias(p.bias, device, misalign), y(pooled_size(p), device, misalign);
  const Guarded<std::uint8_t> argmax(pooled_size(p), device, misalign);
  const float* const bias_data = p.bias.empty() ? nullptr : bias.data();
  if (device == Device::gpu)
    kernels::conv2d_relu_max_pool(x.data(), weight.data(), bias_data, y.data(), argmax.data(), p.g,
                                  p.k, current_stream());
  else
    cpu::conv2d_relu_max_pool(x.data(), weight.data(), bias_data, y.data(), argmax.data(), p.g,
                              p.k);
  return {y.download(), argmax.download()};
}

void expect_forward_right(Device device, const ConvolutionCase& p, std::int64_t misalign = 0) {
  const Pooled actual = forward(device, p, misalign), expected = oracle(p);
  test::expect_equal(actual.y, expected.y, p.describe(), Content::any);
  test::expect_equal(actual.argmax, expected.argmax, p.describe() + ", argmax", Content::any);
}

TEST(ConvolutionPool, TwinFollowsTheDefinition) {
  test::for_each_seed("cpu conv2d_relu_max_pool",
                      [](Rng& rng) { expect_forward_right(Device::cpu, random_case(rng, 9, 20)); });
}

TEST(ConvolutionPool, KernelFollowsTheDefinition) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::for_each_seed("conv2d_direct_kernel", [](Rng& rng) {
    expect_forward_right(Device::gpu, random_case(rng, 4, rng.chance(0.2) ? 70 : 20),
                         rng.chance(0.25) ? rng.integer(1, 3) : 0);
  });
}

Floats backward_weight(const ConvolutionCase& p, const Floats& dy, const Bytes& argmax,
                       std::int64_t misalign = 0, const Floats* start = nullptr) {
  const Guarded<float> x(p.x, Device::gpu, misalign), gradient(dy, Device::gpu, misalign);
  const Guarded<std::uint8_t> which(argmax, Device::gpu, misalign);
  Guarded<float> dweight(static_cast<std::int64_t>(p.weight.size()), Device::gpu, misalign);
  if (start != nullptr) dweight.upload(*start);
  const Guarded<float> workspace(kernels::conv2d_pooled_backward_weight_workspace(p.g, p.k),
                                 Device::gpu);
  kernels::conv2d_pooled_backward_weight(x.data(), gradient.data(), which.data(), dweight.data(),
                                         start != nullptr, workspace.data(), p.g, p.k,
                                         current_stream());
  return dweight.download();
}

/// The case with the map's gradient that the definition gives.
ConvolutionCase with_gradient(ConvolutionCase p, const Floats& dy, const Bytes& argmax) {
  const std::int64_t rows = p.g.p / 2, columns = p.g.q / 2;
  p.dy.assign(p.dy.size(), 0.0f);
  for (std::size_t i = 0; i < dy.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const std::int64_t output = at % p.k, q = at / p.k % columns, row = at / p.k / columns;
    const std::int64_t to =
        ((row / rows * p.g.p + 2 * (row % rows) + argmax[i] / 2) * p.g.q + 2 * q + argmax[i] % 2) *
            p.k +
        output;
    p.dy[static_cast<std::size_t>(to)] = dy[i];
  }
  return p;
}

std::vector<double> weight_oracle(const ConvolutionCase& p, const Floats& dy, const Bytes& argmax) {
  return with_gradient(p, dy, argmax).backward_weight().value;
}

TEST(ConvolutionPool, WeightKernelSumsThePlacesOfTheMaxima) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::for_each_seed("conv2d_pooled_backward_weight_kernel", [](Rng& rng) {
    const ConvolutionCase p = random_case(rng, 4, rng.chance(0.2) ? 70 : 20);
    ASSERT_TRUE(kernels::conv2d_pooled_backward_weight_fits(p.g, p.k)) << p.describe();
    const Floats dy = rng.small_integers(pooled_size(p));
    Bytes argmax(dy.size());
    for (std::uint8_t& place : argmax) place = static_cast<std::uint8_t>(rng.integer(0, 3));
    const std::vector<double> expected = weight_oracle(p, dy, argmax);
    const std::int64_t misalign = rng.chance(0.25) ? rng.integer(1, 3) : 0;
    test::expect_equal(backward_weight(p, dy, argmax, misalign), expected, p.describe(),
                       Content::any);
    const Floats ones(p.weight.size(), 1.0f);
    std::vector<double> sum = expected;
    for (double& value : sum) ++value;
    test::expect_equal(backward_weight(p, dy, argmax, misalign, &ones), sum,
                       p.describe() + ", added", Content::any);
  });
}

TEST(ConvolutionPool, TwinsOfTheGradientsFollowTheDefinition) {
  test::for_each_seed("cpu conv2d_pooled_backward", [](Rng& rng) {
    ConvolutionCase p = random_case(rng, 1, 20);
    p.g.c = rng.chance(0.5) ? 16 : 32;
    fill(p, rng, rng.chance(0.5));
    ASSERT_TRUE(cpu::conv2d_pooled_backward_fits(p.g)) << p.describe();
    const Floats dy = rng.small_integers(pooled_size(p));  // zeros among them
    Bytes argmax(dy.size());
    for (std::uint8_t& place : argmax) place = static_cast<std::uint8_t>(rng.integer(0, 3));
    const ConvolutionCase expected = with_gradient(p, dy, argmax);
    std::vector<double> of_x = expected.backward_data().value;
    std::vector<double> of_weight = expected.backward_weight().value;
    const Guarded<float> x(p.x, Device::cpu), weight(p.weight, Device::cpu);
    const Guarded<float> dx(x.size(), Device::cpu), dweight(weight.size(), Device::cpu);
    for (const bool add : {false, true}) {  // the second time to what the first one wrote
      cpu::conv2d_pooled_backward_data(dy.data(), argmax.data(), weight.data(), dx.data(), add, p.g,
                                       p.k);
      cpu::conv2d_pooled_backward_weight(x.data(), dy.data(), argmax.data(), dweight.data(), add,
                                         p.g, p.k);
      test::expect_equal(dx.download(), of_x, p.describe() + ", dx", Content::any);
      test::expect_equal(dweight.download(), of_weight, p.describe() + ", dweight", Content::any);
      for (double& value : of_x) value *= 2;
      for (double& value : of_weight) value *= 2;
    }
  });
}

// Enough images for several parts of the sum and several threads, and of more rows than a band has.
TEST(ConvolutionPool, TwinsOfTheGradientsWorkInBands) {
  Rng rng(8);
  ConvolutionCase p;
  p.g = {.n = 9, .h = 27, .w = 25, .c = 16, .r = 3, .s = 3, .pad_h = 1, .pad_w = 1};
  p.k = 20, p.is_integer = true;
  fill(p, rng, true);
  const Floats dy = rng.small_integers(pooled_size(p));
  const Bytes argmax = oracle(p).argmax;
  const Guarded<float> dx(static_cast<std::int64_t>(p.x.size()), Device::cpu);
  const Guarded<float> dweight(static_cast<std::int64_t>(p.weight.size()), Device::cpu);
  cpu::conv2d_pooled_backward_data(dy.data(), argmax.data(), p.weight.data(), dx.data(), false, p.g,
                                   p.k);
  cpu::conv2d_pooled_backward_weight(p.x.data(), dy.data(), argmax.data(), dweight.data(), false,
                                     p.g, p.k);
  const ConvolutionCase expected = with_gradient(p, dy, argmax);
  test::expect_equal(dx.download(), expected.backward_data().value);
  test::expect_equal(dweight.download(), expected.backward_weight().value);
}

TEST(ConvolutionPool, ManyImagesAreSharedAmongBlocks) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Rng rng(3);
  ConvolutionCase p = random_case(rng, 1, 3);
  p.g = {.n = 601, .h = 4, .w = 5, .c = 2, .r = 3, .s = 3, .pad_h = 1, .pad_w = 1};
  p.k = 3;
  fill(p, rng, true);
  expect_forward_right(Device::gpu, p);
  const Floats dy = rng.small_integers(pooled_size(p));
  const Bytes argmax = oracle(p).argmax;
  test::expect_equal(backward_weight(p, dy, argmax), weight_oracle(p, dy, argmax), p.describe());
}

// More than a grid's y axis can count: in parts.
TEST(ConvolutionPool, TakesAnyNumberOfImages) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Rng rng(5);
  ConvolutionCase p;
  p.g = pixels_of_square();
  p.g.n = 65535 + 2;
  p.k = 4;
  p.is_integer = true;
  fill(p, rng, true);
  expect_forward_right(Device::gpu, p);
}

TEST(ConvolutionPool, SameBitsUnderEverySchedule) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Rng rng(4);
  ConvolutionCase p = random_case(rng, 4, 20);
  p.g.n = 3, p.k = 40, p.is_integer = false;
  fill(p, rng, true);
  const Floats dy = rng.normal(pooled_size(p));
  const Bytes argmax = forward(Device::cpu, p).argmax;
  test::expect_same_bits(
      20, [&] { return forward(Device::gpu, p).y; }, "forward");
  test::expect_same_bits(
      20, [&] { return backward_weight(p, dy, argmax); }, "weight gradient");
}

// As max_pool2d has it: the gradient goes to the first of several NaNs.
TEST(ConvolutionPool, ChoosesTheFirstNan) {
  Rng rng(6);
  ConvolutionCase p;
  p.g = pixels_of_square();
  p.k = 1;
  fill(p, rng, false);
  p.weight = {1};
  p.x = {5, std::nanf(""), 7, std::nanf("")};
  for (const Device device : {Device::cpu, Device::gpu}) {
    if (device == Device::gpu && !gpu_available()) continue;
    EXPECT_EQ(forward(device, p).argmax, Bytes{1}) << name_of(device);
  }
}

TEST(ConvolutionPool, WeightKernelTakes128WeightsAnOutput) {
  WindowGeometry g = pixels_of_square();
  g.c = 4, g.r = 4, g.s = 8;
  EXPECT_TRUE(kernels::conv2d_pooled_backward_weight_fits(g, 32));
  g.s = 9;
  EXPECT_FALSE(kernels::conv2d_pooled_backward_weight_fits(g, 32));
}

TEST(ConvolutionPool, WeightKernelTakes256TilesOfAMap) {
  WindowGeometry g = pixels_of_square();
  g.h = g.p = g.w = g.q = 256;
  EXPECT_TRUE(kernels::conv2d_pooled_backward_weight_fits(g, 32));
  g.h = g.p = 257;
  EXPECT_FALSE(kernels::conv2d_pooled_backward_weight_fits(g, 32));
}

}  // namespace
}  // namespace weft
