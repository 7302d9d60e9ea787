#include "weft/ops/elementwise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "kernels/elementwise/elementwise.h"
#include "src/cpu/elementwise.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/autograd.h"
#include "weft/error.h"

namespace weft {
namespace {

using test::Guarded;
using Doubles = std::vector<double>;

constexpr std::int64_t kBlock = 1024;  // floats of a thread block
constexpr double kRoundings = 2;       // of a product and of a sum; fused: one

template <class T>
std::vector<T> add_scaled(Device device, T alpha, const std::vector<T>& x, const std::vector<T>& y,
                          std::int64_t misalign = 0) {
  Guarded<T> from(x, device, misalign), to(y, device);
  if constexpr (std::is_same_v<T, float>)
    if (device == Device::gpu)
      kernels::add_scaled(alpha, from.data(), to.data(), to.size(), current_stream());
  if (device == Device::cpu) cpu::add_scaled(alpha, from.data(), to.data(), to.size());
  return to.download();
}

template <class T>
std::vector<T> filled(Device device, T value, std::int64_t size, std::int64_t misalign = 0) {
  Guarded<T> x(size, device, misalign);
  if constexpr (!std::is_same_v<T, double>)
    if (device == Device::gpu) kernels::fill(value, x.data(), size, current_stream());
  if (device == Device::cpu) cpu::fill(value, x.data(), size);
  return x.download();
}

struct Sums {
  Doubles value, magnitude;
};
template <class T>
Sums sums_in_double(double alpha, const std::vector<T>& x, const std::vector<T>& y) {
  Sums sums;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double product = alpha * static_cast<double>(x[i]), sum = static_cast<double>(y[i]);
    sums.value.push_back(sum + product);
    sums.magnitude.push_back(std::abs(sum) +
                             2 * std::abs(product));  // a rounding of the product, one of the sum
  }
  return sums;
}

TEST(AddScaled, TwinFollowsTheDefinition) {
  test::for_each_seed("cpu add_scaled", [](test::Rng& rng) {
    const std::int64_t size = rng.size(2000);
    const auto check = [&]<class T>(T alpha) {
      const auto x = rng.normal<T>(size), y = rng.normal<T>(size);
      const Sums sums = sums_in_double(static_cast<double>(alpha), x, y);
      test::note_worst("cpu add_scaled",
                       test::expect_sum_close(add_scaled(Device::cpu, alpha, x, y), sums.value,
                                              sums.magnitude, kRoundings));
    };
    check(rng.normal<float>(1)[0]);
    check(0.375);  // exact in double: the oracle's own product then rounds as the twin's
  });
}

TEST(AddScaled, KernelAgreesWithTheTwin) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  const auto compare = [](test::Rng& rng, std::int64_t size, std::int64_t misalign) {
    const auto x = rng.normal(size), y = rng.normal(size);
    const float alpha = rng.normal(1)[0];
    const auto twin = add_scaled(Device::cpu, alpha, x, y);
    test::expect_sum_close(add_scaled(Device::gpu, alpha, x, y, misalign), twin,
                           sums_in_double(alpha, x, y).magnitude, kRoundings,
                           "[" + std::to_string(size) + "]");
  };
  test::Rng edges(1);
  for (const std::int64_t size : test::edge_sizes(kBlock))
    for (const std::int64_t misalign : {0, 1, 2}) compare(edges, size, misalign);
  test::for_each_seed("add_scaled_kernel",
                      [&](test::Rng& rng) { compare(rng, rng.size(5000), rng.integer(0, 4)); });
}

TEST(AddScaled, IntegersAreExact) {
  test::Rng rng(3);
  const auto x = rng.small_integers(500), y = rng.small_integers(500);
  const auto expected = sums_in_double(-2, x, y).value;
  test::expect_equal(add_scaled(Device::cpu, -2.0f, x, y), expected);
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::expect_equal(add_scaled(Device::gpu, -2.0f, x, y), expected);
}

TEST(AddScaled, SameBitsUnderEverySchedule) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng rng(4);
  const auto x = rng.normal(3 * kBlock + 5), y = rng.normal(3 * kBlock + 5);
  test::expect_same_bits(
      20, [&] { return add_scaled(Device::gpu, 0.7f, x, y); }, "add_scaled");
}

template <class T>
void expect_filled(Device device, T value, std::int64_t size, std::int64_t misalign) {
  test::expect_equal(filled(device, value, size, misalign),
                     std::vector<T>(static_cast<std::size_t>(size), value),
                     "[" + std::to_string(size) + "]");
}

TEST(Fill, WritesEveryElementAndNothingElse) {
  test::for_each_seed("cpu fill", [](test::Rng& rng) {
    const std::int64_t size = rng.size(3000), misalign = rng.integer(0, 4);
    expect_filled(Device::cpu, 2.5f, size, misalign);
    expect_filled(Device::cpu, 2.5, size, misalign);
    expect_filled(Device::cpu, std::int32_t{-7}, size, misalign);
    expect_filled(Device::cpu, std::uint8_t{200}, size, misalign);
  });
  expect_filled(Device::cpu, 1.5f, 300000, 0);  // by several threads
}

TEST(Fill, KernelWritesEveryElementAndNothingElse) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  const auto check = [](std::int64_t size, std::int64_t misalign) {
    expect_filled(Device::gpu, 2.5f, size, misalign);
    expect_filled(Device::gpu, std::int32_t{-7}, size, misalign);
    expect_filled(Device::gpu, std::uint8_t{200}, size, misalign);
  };
  for (const std::int64_t size : test::edge_sizes(kBlock))
    for (const std::int64_t misalign : {0, 1}) check(size, misalign);
  for (const std::int64_t size : test::edge_sizes(4 * kBlock))
    check(size, 0);  // the block of bytes
  test::for_each_seed("fill_kernel",
                      [&](test::Rng& rng) { check(rng.size(5000), rng.integer(0, 16)); });
}

class Elementwise : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam() == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
  static Tensor values(const std::vector<float>& x, Shape shape) {
    return from_values(x, std::move(shape)).to(GetParam());
  }
};

TEST_P(Elementwise, OpsGiveHandComputedResults) {
  Tensor y = values({1, 2, 3, 4}, {2, 2});
  add_scaled_(y, values({10, 20, 30, 40}, {2, 2}), 0.5);
  test::expect_equal(y.to_vector<float>(), std::vector<float>{6, 12, 18, 24});
  add_scaled_(y, y);
  test::expect_equal(y.to_vector<float>(), std::vector<float>{12, 24, 36, 48});
  fill_(y, 7.5);
  test::expect_equal(y.to_vector<float>(), std::vector<float>(4, 7.5f));
  for (const DType dtype : {DType::int32, DType::uint8}) {
    Tensor integers = empty({5}, dtype, GetParam());
    fill_(integers, 9);
    if (dtype == DType::int32)
      EXPECT_EQ(integers.to_vector<std::int32_t>(), std::vector<std::int32_t>(5, 9));
    else
      EXPECT_EQ(integers.to_vector<std::uint8_t>(), std::vector<std::uint8_t>(5, 9));
  }
}

TEST_P(Elementwise, EmptyTensorsAreLegal) {
  Tensor none = empty({0, 3}, DType::float32, GetParam());
  add_scaled_(none, none);
  fill_(none, 1);
}

TEST_P(Elementwise, ViewsOfAnyOffsetAreLegal) {
  Tensor x = values({1, 2, 3, 4, 5, 6, 7, 8, 9}, {9, 1});
  Tensor middle = x.rows(1, 8);
  fill_(middle, 2);
  add_scaled_(middle, multiply(middle, values({3}, {})), 0.5);
  test::expect_equal(x.to_vector<float>(), std::vector<float>{1, 5, 5, 5, 5, 5, 5, 5, 9});
}

INSTANTIATE_TEST_SUITE_P(Devices, Elementwise, ::testing::Values(Device::cpu, Device::gpu),
                         [](const auto& device) { return std::string(name_of(device.param)); });

TEST(Elementwise, RefusesWhatDoesNotFit) {
  using test::error_of;
  Tensor x = zeros({2, 3}), y = zeros({3, 2}), wide = zeros({2, 3}, DType::float64),
         integers = zeros({2, 3}, DType::int32), bytes = zeros({2}, DType::uint8);
  EXPECT_EQ(error_of<ShapeError>([&] { add_scaled_(y, x); }),
            "add_scaled_: expected x [3, 2], got [2, 3]");
  EXPECT_EQ(error_of<ShapeError>([&] { add_scaled_(wide, x); }),
            "add_scaled_: expected equal dtypes, got float64 and float32");
  EXPECT_EQ(error_of<ShapeError>([&] { add_scaled_(integers, integers); }),
            "add_scaled_: expected y of float32 (float64 on the cpu), got int32 on the cpu");
  EXPECT_EQ(error_of<ShapeError>([&] { fill_(integers, 0.5); }),
            "fill_: expected a value that int32 can hold, got 0.500000");
  EXPECT_EQ(error_of<ShapeError>([&] { fill_(bytes, 256); }),
            "fill_: expected a value that uint8 can hold, got 256.000000");
  EXPECT_THROW(fill_(integers, std::nan("")), ShapeError);
}

TEST(Elementwise, RefusesTensorsOnDifferentDevices) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Tensor x = zeros({2}), y = zeros({2}, DType::float32, Device::gpu);
  EXPECT_THROW(add_scaled_(y, x), ShapeError);
}

}  // namespace
}  // namespace weft
