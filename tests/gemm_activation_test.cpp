// Activations in the epilogue of every GEMM kernel, of its twin, and of linear.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/activation/activation.h"
#include "kernels/gemm/gemm.h"
#include "kernels/gemm/split_k.h"
#include "tests/gemm_case.h"
#include "tests/support/activation_oracle.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/autograd.h"
#include "weft/device.h"
#include "weft/error.h"
#include "weft/ops/activation.h"
#include "weft/ops/gemm.h"
#include "weft/stream.h"

namespace weft::test {
namespace {

using kernels::GemmTile;

// No activation here has a slope above 1, so a product's error grows in none. What one adds itself is 8
// roundings of a number at most 1 (activation_test.cpp says why), or one of the product.
constexpr double kActivationRoundings = 8;

template <class T>
std::vector<double> activated(const GemmCase<T>& p) {
  std::vector<double> all;
  for (const double x : p.expected)
    all.push_back(test::exact_activation(p.activation, x, static_cast<double>(p.kSlope)));
  return all;
}

template <class T>
std::vector<double> magnitude_with_one(const GemmCase<T>& p) {
  std::vector<double> all = p.magnitude;
  for (double& x : all) x += 1;
  return all;
}

std::vector<float> run_kernel(const GemmCase<float>& p, GemmTile tile, bool split,
                              std::int64_t misalign) {
  const Guarded<float> a(p.a, Device::gpu, misalign), b(p.b, Device::gpu, misalign);
  const Guarded<float> bias(p.bias, Device::gpu, misalign), c(p.c, Device::gpu, misalign);
  const std::int64_t step = kernels::shape_of(tile).k, depth = (p.k / (3 * step) + 1) * step;
  const Guarded<float> workspace(split ? (p.k + depth - 1) / depth * p.m * p.n : 0);
  if (split)
    kernels::gemm_split_k(a.data(), b.data(), p.bias_data(bias.data()), c.data(), workspace.data(),
                          p.m, p.n, p.k, depth, p.transpose_a, p.transpose_b, p.alpha, p.beta,
                          p.activation, p.kSlope, tile, current_stream());
  else
    kernels::gemm_register_tiled(a.data(), b.data(), p.bias_data(bias.data()), c.data(), p.m, p.n,
                                 p.k, p.transpose_a, p.transpose_b, p.alpha, p.beta, p.activation,
                                 p.kSlope, tile, current_stream());
  return c.download();
}

/// relu makes zeros of whole small results.
template <class T>
Content content_of(const GemmCase<T>& p) {
  return p.m * p.n < 32 ? Content::any : p.content();
}

TEST(CpuGemmActivation, AgreesWithFloat64) {
  for_each_seed("cpu_gemm_activation", [](Rng& rng) {
    auto p = random_case<float>(rng, rng.size(90), rng.size(90), rng.size(60));
    p.activation = test::kAllActivations[rng.integer(0, 4)];
    expect_sum_close(run_twin(p), activated(p), magnitude_with_one(p),
                     p.error_constant() + kActivationRoundings, p.describe(), content_of(p));
  });
}

TEST(GemmActivation, AgreesWithTheTwinForEveryTileAndSplit) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  for (const GemmTile tile : {GemmTile::large, GemmTile::medium, GemmTile::tall, GemmTile::wide})
    for (const bool split : {false, true}) {
      const kernels::GemmTileShape shape = kernels::shape_of(tile);
      for (std::uint64_t seed = 0; seed < 25; ++seed) {
        Rng rng(seed);
        auto p = random_case<float>(rng, rng.size(shape.m + 9), rng.size(shape.n + 9),
                                    rng.size(5 * shape.k));
        p.activation = test::kAllActivations[seed % 5];
        const auto c = run_kernel(p, tile, split, rng.chance(0.25) ? rng.integer(1, 3) : 0);
        const std::string what = p.describe() + (split ? ", split k" : "");
        expect_sum_close(c, run_twin(p), magnitude_with_one(p),
                         2 * (p.error_constant() + kActivationRoundings), what, content_of(p));
        count_shapes("gemm_activation");
      }
    }
}

TEST(GemmActivation, HasTheSameBitsUnderEverySchedule) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Rng rng(3);
  auto p = random_case<float>(rng, 70, 20, 130);
  p.activation = Activation::sigmoid;
  expect_same_bits(
      20, [&] { return run_kernel(p, GemmTile::tall, true, 0); }, p.describe());
}

class LinearActivation : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam() == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
};
INSTANTIATE_TEST_SUITE_P(Devices, LinearActivation, ::testing::Values(Device::cpu, Device::gpu),
                         [](const auto& device) {
                           return std::string(device.param == Device::cpu ? "cpu" : "gpu");
                         });

TEST_P(LinearActivation, HasTheBitsOfTheActivationAfterIt) {
  Rng rng(4);
  for (const std::int64_t inputs : {std::int64_t{3}, std::int64_t{784}})
    for (const Activation activation : test::kAllActivations) {
      const auto leaf = [&](const Shape& shape) {
        Tensor tensor = from_values(rng.normal<float>(shape.size()), shape).to(GetParam());
        tensor.set_requires_grad(true);
        return tensor;
      };
      const Tensor x = leaf({33, inputs}), weight = leaf({11, inputs}), bias = leaf({11});
      const Tensor dy = from_values(rng.normal<float>(33 * 11), {33 * 11, 1}).to(GetParam());
      const auto gradients = [&](const Tensor& y) {
        std::vector<std::vector<float>> all = {y.to_vector<float>()};
        matmul(y.reshape({1, 33 * 11}), dy).backward();
        for (Tensor of : {x, weight, bias}) {
          all.push_back(of.grad().to_vector<float>());
          of.set_grad({});
        }
        return all;
      };
      const auto fused = gradients(linear(x, weight, bias, activation, 0.25));
      const auto apart = gradients(activate(linear(x, weight, bias), activation, 0.25));
      for (std::size_t i = 0; i < fused.size(); ++i)
        expect_same_bits(fused[i], apart[i], "result or gradient " + std::to_string(i));
    }
}

TEST_P(LinearActivation, GemmAppliesItToAllOfTheRightSide) {
  const Tensor a = from_values<float>({2}, {1, 1}).to(GetParam());
  Tensor c = from_values<float>({-9}, {1, 1}).to(GetParam());
  gemm_(c, a, a,
        {.beta = 1,
         .bias = from_values<float>({1}, {1}).to(GetParam()),
         .activation = Activation::leaky_relu,
         .slope = 0.5});
  EXPECT_EQ(c.to_vector<float>(), std::vector<float>{-2});  // 0.5 (4 - 9 + 1)
}

TEST_P(LinearActivation, KeepsNaN) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor x = from_values<float>({nan}, {1, 1}).to(GetParam());
  const Tensor one = from_values<float>({1}, {1, 1}).to(GetParam());
  for (const Activation activation : test::kAllActivations)
    EXPECT_TRUE(std::isnan(linear(x, one, {}, activation).to_vector<float>()[0]));
}

TEST(LinearActivationGradient, PassesTheGradientCheck) {
  Rng rng(6);
  const Tensor x = from_values(rng.normal<double>(35), {7, 5});
  const Tensor weight = from_values(rng.normal<double>(15), {3, 5});
  const Tensor bias = from_values(rng.normal<double>(3), {3});
  for (const Activation activation : test::kAllActivations)
    EXPECT_EQ(
        gradient_check([&](auto& in) { return linear(in[0], in[1], in[2], activation, 0.25); },
                       {x, weight, bias}),
        "");
}

TEST(LinearActivationErrors, NameTheSlope) {
  const Tensor x = zeros({2, 3}), weight = zeros({4, 3});
  EXPECT_EQ(error_of<ShapeError>([&] { linear(x, weight, {}, Activation::leaky_relu, -1); }),
            "linear: expected a slope of 0 or more, got -1.000000");
}

}  // namespace
}  // namespace weft::test
