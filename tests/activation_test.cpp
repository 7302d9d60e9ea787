#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/activation/activation.h"
#include "src/cpu/activation.h"
#include "tests/support/activation_oracle.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/autograd.h"
#include "weft/error.h"
#include "weft/nn.h"
#include "weft/ops/activation.h"

namespace weft {
namespace {

using test::Guarded;

constexpr std::int64_t kBlock = 1024;  // floats of a thread block
constexpr float kSlope = 0.25f;

// exp and tanh are right to 2 units in the last place on every device (CUDA C Programming Guide), and a
// sum, a quotient, a product and a sum follow at most: 8 roundings in all, each of 2^-24 relative. In the
// derivative 1 - y² they are relative to 1.
constexpr double kRoundings = 8 * 0x1p-24;

double exact_derivative(Activation activation, double y) {
  switch (activation) {
    case Activation::sigmoid:
      return y * (1 - y);
    case Activation::tanh:
      return 1 - y * y;
    case Activation::relu:
      return y > 0 ? 1 : 0;
    case Activation::leaky_relu:
      return y > 0 ? 1 : static_cast<double>(kSlope);
    default:
      return 1;
  }
}

std::vector<float> forward(Device device, Activation activation, const std::vector<float>& x,
                           std::int64_t misalign = 0) {
  Guarded<float> from(x, device, misalign), to(from.size(), device);
  if (device == Device::gpu)
    kernels::activation(from.data(), to.data(), to.size(), activation, kSlope, current_stream());
  else
    cpu::activation(from.data(), to.data(), to.size(), activation, kSlope);
  return to.download();
}

std::vector<float> backward(Device device, Activation activation, const std::vector<float>& y,
                            const std::vector<float>& dy, const std::vector<float>* start,
                            std::int64_t misalign = 0) {
  Guarded<float> result(y, device), gradient(dy, device), to(result.size(), device, misalign);
  if (start != nullptr) to.upload(*start);
  const bool add = start != nullptr;
  if (device == Device::gpu)
    kernels::activation_backward(result.data(), gradient.data(), to.data(), add, to.size(),
                                 activation, kSlope, current_stream());
  else
    cpu::activation_backward(result.data(), gradient.data(), to.data(), add, to.size(), activation,
                             kSlope);
  return to.download();
}

void check(Device device, test::Rng& rng, std::int64_t size, std::int64_t misalign) {
  for (const Activation activation : test::kAllActivations) {
    const auto x = rng.normal(size, 0, 4), dy = rng.normal(size), start = rng.normal(size);
    std::vector<double> expected, gradient, sum;
    const auto y = forward(device, activation, x, misalign);
    for (std::size_t i = 0; i < x.size(); ++i) {
      expected.push_back(test::exact_activation(activation, x[i], kSlope));
      gradient.push_back(dy[i] * exact_derivative(activation, y[i]));
      sum.push_back(gradient[i] + start[i]);
    }
    const std::string what = "activation " + std::to_string(static_cast<int>(activation));
    test::expect_close(y, expected, {.rel = kRoundings}, what, test::Content::any);
    test::expect_close(backward(device, activation, y, dy, nullptr, misalign), gradient,
                       {.abs = 8 * kRoundings, .rel = kRoundings}, what, test::Content::any);
    test::expect_close(backward(device, activation, y, dy, &start, misalign), sum,
                       {.abs = 8 * kRoundings, .rel = kRoundings}, what, test::Content::any);
  }
}

TEST(Activation, TwinFollowsTheDefinitions) {
  test::for_each_seed("cpu activation",
                      [](test::Rng& rng) { check(Device::cpu, rng, rng.size(300), 0); });
}

TEST(Activation, KernelsFollowTheDefinitions) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng edges(1);
  for (const std::int64_t size : test::edge_sizes(kBlock))
    for (const std::int64_t misalign : {0, 1}) check(Device::gpu, edges, size, misalign);
  test::for_each_seed("activation_flat_kernel", [](test::Rng& rng) {
    check(Device::gpu, rng, rng.size(3000), rng.integer(0, 4));
  });
  test::count_shapes("activation_backward_flat_kernel", test::kSeededShapes);  // in the same loop
}

TEST(Activation, SameBitsUnderEverySchedule) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng rng(2);
  const auto x = rng.normal(3 * kBlock + 5);
  test::expect_same_bits(
      20, [&] { return forward(Device::gpu, Activation::sigmoid, x); }, "activation");
}

TEST(Activation, KeepsNanAndIsRightAtTheEnds) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::nanf("");
  const std::vector<float> x{nan, inf, -inf, 0, -80, 80};
  for (const Device device : {Device::cpu, Device::gpu}) {
    if (device == Device::gpu && !gpu_available()) continue;
    for (const Activation activation : test::kAllActivations)
      EXPECT_TRUE(std::isnan(forward(device, activation, x)[0]));
    const auto sigmoids = forward(device, Activation::sigmoid, x);
    EXPECT_EQ(sigmoids[1], 1.0f);
    EXPECT_EQ(sigmoids[2], 0.0f);
    EXPECT_EQ(sigmoids[3], 0.5f);
    EXPECT_NEAR(sigmoids[4] / 1.8048513878454153e-35, 1, kRoundings);  // exp(-80)
    EXPECT_EQ(sigmoids[5], 1.0f);
    EXPECT_EQ(forward(device, Activation::tanh, x)[1], 1.0f);
    EXPECT_EQ(forward(device, Activation::relu, x)[2], 0.0f);
    EXPECT_EQ(forward(device, Activation::leaky_relu, x)[4], -20.0f);
  }
}

class Activations : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam() == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
};

TEST_P(Activations, OpsAndLayersGiveHandComputedResults) {
  const Tensor x = from_values(std::vector<float>{-2, 0, 3}, {3, 1}).to(GetParam());
  test::expect_equal(relu(x).to_vector<float>(), std::vector<float>{0, 0, 3});
  test::expect_equal(leaky_relu(x, 0.5).to_vector<float>(), std::vector<float>{-1, 0, 3});
  EXPECT_EQ(sigmoid(x).to_vector<float>()[1], 0.5f);
  EXPECT_EQ(tanh(x).to_vector<float>()[1], 0.0f);
  EXPECT_TRUE(same_tensor(activate(x, Activation::none), x));
  EXPECT_EQ(nn::ReLU()(x).to_vector<float>(), relu(x).to_vector<float>());
  EXPECT_EQ(nn::LeakyReLU(0.5)(x).to_vector<float>(), leaky_relu(x, 0.5).to_vector<float>());
  EXPECT_EQ(nn::Sigmoid()(x).to_vector<float>(), sigmoid(x).to_vector<float>());
  EXPECT_EQ(nn::Tanh()(x).to_vector<float>(), tanh(x).to_vector<float>());
  EXPECT_EQ(sigmoid(x).shape(), (Shape{3, 1}));
  EXPECT_EQ(sigmoid(x).device(), GetParam());
}

TEST_P(Activations, EmptyTensorsAndScalarsAreLegal) {
  EXPECT_EQ(relu(empty({0, 3}, DType::float32, GetParam())).shape(), (Shape{0, 3}));
  Tensor x = full({}, 3, DType::float32, GetParam());
  x.set_requires_grad();
  leaky_relu(leaky_relu(x)).backward();
  EXPECT_EQ(x.grad().item(), 1);
}

INSTANTIATE_TEST_SUITE_P(Devices, Activations, ::testing::Values(Device::cpu, Device::gpu),
                         [](const auto& device) { return std::string(name_of(device.param)); });

TEST(Activation, HasTheGradientsOfFiniteDifferences) {
  test::Rng rng(6);
  for (const Activation activation : test::kAllActivations) {
    if (activation == Activation::none) continue;
    auto values = rng.normal<double>(15);
    for (double& value : values) value += value < 0 ? -0.1 : 0.1;  // away from the kink
    EXPECT_EQ(
        gradient_check(
            [&](const std::vector<Tensor>& inputs) { return activate(inputs[0], activation, 0.3); },
            {from_values(values, {5, 3})}),
        "");
  }
}

TEST(Activation, RefusesWhatItCannotTake) {
  using test::error_of;
  EXPECT_EQ(error_of<ShapeError>([] { relu(zeros({2}, DType::int32)); }),
            "relu: expected x of float32 (float64 on the cpu), got int32 on the cpu");
  EXPECT_EQ(error_of<ShapeError>([] { leaky_relu(zeros({2}), -0.5); }),
            "leaky_relu: expected a slope of 0 or more, got -0.500000");
  EXPECT_THROW(nn::LeakyReLU(std::nan("")), ShapeError);
}

}  // namespace
}  // namespace weft
