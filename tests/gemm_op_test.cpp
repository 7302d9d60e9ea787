// gemm_, matmul and linear through Tensor, on both devices, and their gradients.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/gemm_case.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/shapes.h"
#include "weft/autograd.h"
#include "weft/device.h"
#include "weft/error.h"
#include "weft/ops/gemm.h"
#include "weft/ops/reduction.h"
#include "weft/tensor.h"

namespace weft::test {
namespace {

template <class T = float>
Tensor normal(Rng& rng, std::int64_t rows, std::int64_t columns) {
  return from_values(rng.normal<T>(rows * columns), {rows, columns});
}

class GemmOp : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam() == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
};
INSTANTIATE_TEST_SUITE_P(Devices, GemmOp, ::testing::Values(Device::cpu, Device::gpu),
                         [](const auto& device) { return std::string(name_of(device.param)); });

TEST_P(GemmOp, GemmScalesAddsAndBiases) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Rng rng(seed);
    const std::int64_t m = rng.size(70), n = rng.size(70), k = rng.size(200);
    const auto p = random_case<float>(rng, m, n, k);
    const auto matrix = [&](const std::vector<float>& values, std::int64_t rows,
                            std::int64_t columns, bool transpose) {
      return from_values(values, transpose ? Shape{columns, rows} : Shape{rows, columns})
          .to(GetParam());
    };
    Tensor c = matrix(p.c, m, n, false).clone();
    GemmOptions options{p.transpose_a, p.transpose_b, p.alpha, p.beta, {}};
    if (!p.bias.empty()) options.bias = from_values(p.bias, {n}).to(GetParam());
    gemm_(c, matrix(p.a, m, k, p.transpose_a), matrix(p.b, k, n, p.transpose_b), options);
    EXPECT_EQ(c.device(), GetParam());
    expect_sum_close(c.to_vector<float>(), p.expected, p.magnitude, p.error_constant(),
                     p.describe() + " seed " + std::to_string(seed), p.content());
  }
}

TEST_P(GemmOp, LinearIsTheProductWithTheTransposedWeightAndTheBias) {
  Rng rng(1);
  GemmCase<float> p;
  p.m = 100, p.n = 10, p.k = 784, p.transpose_b = true;
  fill(p, rng, true);
  const Tensor x = from_values(p.a, {100, 784}).to(GetParam());
  const Tensor weight = from_values(p.b, {10, 784}).to(GetParam());
  const Tensor y = linear(x, weight, from_values(p.bias, {10}).to(GetParam()));
  EXPECT_EQ(y.shape(), (Shape{100, 10}));
  EXPECT_EQ(y.device(), GetParam());
  expect_sum_close(y.to_vector<float>(), p.expected, p.magnitude, p.error_constant());
  const std::vector<float> product = matmul(x, weight, false, true).to_vector<float>();
  expect_equal(linear(x, weight).to_vector<float>(), product);
}

TEST_P(GemmOp, GradientsAgreeWithThoseInFloat64) {
  Rng rng(2);
  const Tensor x = normal(rng, 100, 50), weight = normal(rng, 10, 50), v = normal(rng, 10, 3);
  const Tensor bias = from_values(rng.normal<float>(10), {10});
  const auto gradients = [&](Device device, DType dtype) {
    const auto leaf = [&](const Tensor& from) {
      Tensor tensor = from;
      if (dtype == DType::float64) {
        const std::vector<float> values = from.to_vector<float>();
        tensor = from_values(std::vector<double>(values.begin(), values.end()), from.shape());
      }
      tensor = tensor.to(device).clone();
      tensor.set_requires_grad();
      return tensor;
    };
    const Tensor leaves[] = {leaf(x), leaf(weight), leaf(bias), leaf(v)};
    for (int pass = 0; pass < 2; ++pass) {  // the second is added to the first
      const Tensor y = matmul(linear(leaves[0], leaves[1], leaves[2]), leaves[3]);
      column_sums(row_sums(y).reshape({100, 1})).reshape({}).backward();
    }
    std::vector<std::vector<double>> result;
    for (const Tensor& one : leaves)
      result.push_back(dtype == DType::float64 ? as_doubles(one.grad().to_vector<double>())
                                               : as_doubles(one.grad().to_vector<float>()));
    return result;
  };
  const auto expected = gradients(Device::cpu, DType::float64);
  const auto actual = gradients(GetParam(), DType::float32);
  // Sums of up to 100 products of numbers near 1: 1e-4 is some 100 roundings of the largest partial sum.
  for (std::size_t i = 0; i < expected.size(); ++i)
    expect_close(actual[i], expected[i], {.abs = 1e-4, .rel = 1e-5}, "input " + std::to_string(i));
}

TEST_P(GemmOp, OnlyWantedGradientsAreComputed) {
  Rng rng(3);
  const Tensor x = normal(rng, 4, 3).to(GetParam());
  Tensor weight = normal(rng, 2, 3).to(GetParam()).clone();
  weight.set_requires_grad();
  column_sums(row_sums(linear(x, weight)).reshape({4, 1})).reshape({}).backward();
  EXPECT_FALSE(x.grad().defined());
  EXPECT_EQ(weight.grad().shape(), weight.shape());
  EXPECT_EQ(weight.grad().device(), GetParam());
}

TEST_P(GemmOp, EmptyTensorsAreLegal) {
  const auto make = [&](Shape shape) { return full(shape, 2, DType::float32, GetParam()); };
  EXPECT_EQ(matmul(make({0, 3}), make({3, 4})).shape(), (Shape{0, 4}));
  EXPECT_EQ(matmul(make({3, 2}), make({2, 0})).shape(), (Shape{3, 0}));
  expect_equal(matmul(make({2, 0}), make({0, 3})).to_vector<float>(), std::vector<float>(6, 0.0f),
               "no terms", Content::any);
  expect_equal(linear(make({2, 0}), make({3, 0}), make({3})).to_vector<float>(),
               std::vector<float>(6, 2.0f));
}

TEST(GemmGradient, MatmulPassesTheGradientCheck) {
  for (const bool transpose_a : {false, true})
    for (const bool transpose_b : {false, true}) {
      Rng rng(4);
      const Tensor a = transpose_a ? normal<double>(rng, 4, 3) : normal<double>(rng, 3, 4);
      const Tensor b = transpose_b ? normal<double>(rng, 5, 4) : normal<double>(rng, 4, 5);
      EXPECT_EQ(
          gradient_check([&](auto& in) { return matmul(in[0], in[1], transpose_a, transpose_b); },
                         {a, b}),
          "");
    }
  Rng rng(5);
  const Tensor square = normal<double>(rng, 4, 4);
  EXPECT_EQ(gradient_check([](auto& in) { return matmul(in[0], in[0], true, false); }, {square}),
            "");
}

TEST(GemmGradient, LinearPassesTheGradientCheck) {
  Rng rng(6);
  const Tensor x = normal<double>(rng, 7, 5), weight = normal<double>(rng, 3, 5);
  const Tensor bias = from_values(rng.normal<double>(3), {3});
  EXPECT_EQ(gradient_check([](auto& in) { return linear(in[0], in[1], in[2]); }, {x, weight, bias}),
            "");
  EXPECT_EQ(gradient_check([](auto& in) { return linear(in[0], in[1]); }, {x, weight}), "");
}

TEST(GemmErrors, NameWhatWasExpectedAndFound) {
  const Tensor a = zeros({2, 3}), b = zeros({3, 4}), line = zeros({3});
  Tensor c = zeros({2, 4}), square = zeros({3, 3});
  EXPECT_EQ(error_of<ShapeError>([&] { matmul(a, b, false, true); }),
            "matmul: expected as many columns of op(a) as rows of op(b), got a [2, 3] and b [3, 4] "
            "transposed");
  EXPECT_EQ(error_of<ShapeError>([&] { matmul(a, line); }),
            "matmul: expected b of rank 2, got [3]");
  EXPECT_EQ(error_of<ShapeError>([&] {
              matmul(a, zeros({3, 4}, DType::float64));
            }),
            "matmul: expected equal dtypes, got float32 and float64");
  EXPECT_EQ(error_of<ShapeError>([&] {
              matmul(zeros({2, 3}, DType::int32), b);
            }),
            "matmul: expected a of float32 (float64 on the cpu), got int32 on the cpu");
  EXPECT_EQ(error_of<ShapeError>([&] {
              linear(zeros({5, 28}), zeros({10, 784}));
            }),
            "linear: expected x [rows, 784] for weight [10, 784], got [5, 28]");
  EXPECT_EQ(error_of<ShapeError>([&] {
              linear(zeros({5, 3}), zeros({4, 3}), zeros({3}));
            }),
            "linear: expected bias [4], got [3]");
  EXPECT_EQ(
      error_of<ShapeError>([&] { gemm_(c, b, a, {.transpose_a = true, .transpose_b = true}); }),
      "gemm_: expected c [4, 2], got [2, 4]");
  EXPECT_EQ(error_of<ShapeError>([&] { gemm_(c, a, b, {.bias = line}); }),
            "gemm_: expected bias [4], got [3]");
  EXPECT_EQ(error_of<ShapeError>([&] { gemm_(square, square, square.clone()); }),
            "gemm_: expected c apart from a, b and bias, got memory that they share");
  const Tensor both = zeros({6, 2});
  Tensor upper = both.rows(0, 4), lower = both.rows(3, 5);
  EXPECT_NE(error_of<ShapeError>([&] { gemm_(upper, upper.clone(), lower); }), "")
      << "one row is of both";
  EXPECT_NE(error_of<ShapeError>([&] {
              gemm_(upper, zeros({4, 1}), zeros({1, 2}), {.bias = upper.rows(2, 3).reshape({2})});
            }),
            "");
  EXPECT_NE(error_of<ShapeError>([&] { matmul(Tensor(), b); }), "");
  if (gpu_available()) {
    EXPECT_EQ(error_of<ShapeError>([&] { matmul(a, b.to(Device::gpu)); }),
              "matmul: expected all tensors on one device, got one on the cpu and one on the gpu");
  }
}

}  // namespace
}  // namespace weft::test
