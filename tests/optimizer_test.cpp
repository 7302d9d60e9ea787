#include "weft/ops/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <type_traits>
#include <vector>

#include "kernels/optimizer/sgd.h"
#include "src/cpu/optimizer.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/error.h"

namespace weft {
namespace {

using test::Guarded;

constexpr std::int64_t kBlock = 1024;  // elements of a thread block
constexpr double kRoundings = 1;  // each of the product's and of the difference's magnitude, below

/// The values after an update by the twin of the device, which has to clear the gradients.
template <class T>
std::vector<T> updated(Device device, T lr, const std::vector<T>& values,
                       const std::vector<T>& gradients, std::int64_t misalign = 0) {
  Guarded<T> value(values, device, misalign), gradient(gradients, device);
  if constexpr (std::is_same_v<T, float>)
    if (device == Device::gpu)
      kernels::sgd(lr, value.data(), gradient.data(), value.size(), current_stream());
  if (device == Device::cpu) cpu::sgd(lr, value.data(), gradient.data(), value.size());
  test::expect_equal(gradient.download(), std::vector<T>(gradients.size(), T{0}), "gradients",
                     test::Content::any);
  return value.download();
}

struct Update {
  std::vector<double> value, magnitude;
};
template <class T>
Update update_in_double(double lr, const std::vector<T>& values, const std::vector<T>& gradients) {
  Update update;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = static_cast<double>(values[i]),
                 step = lr * static_cast<double>(gradients[i]);
    update.value.push_back(value - step);
    // u |step| for the product and u |result| <= u (|value| + |step|) for the difference.
    update.magnitude.push_back(std::abs(value) + 2.0001 * std::abs(step));
  }
  return update;
}

TEST(Sgd, TwinFollowsTheDefinition) {
  test::for_each_seed("cpu sgd", [](test::Rng& rng) {
    const std::int64_t size = rng.size(9000);
    const auto values = rng.normal(size), gradients = rng.normal(size);
    const float lr = std::abs(rng.normal(1)[0]);
    const Update update = update_in_double(lr, values, gradients);
    test::note_worst("cpu sgd", test::expect_sum_close(updated(Device::cpu, lr, values, gradients),
                                                       update.value, update.magnitude, kRoundings));
  });
}

TEST(Sgd, TwinWorksInDoubleAndByManyThreads) {
  test::Rng rng(1);
  const auto values = rng.normal<double>(200000), gradients = rng.normal<double>(200000);
  const Update update =
      update_in_double(0.125, values, gradients);  // the oracle's product is exact
  test::expect_sum_close(updated(Device::cpu, 0.125, values, gradients), update.value,
                         update.magnitude, kRoundings);
}

TEST(Sgd, KernelAgreesWithTheTwin) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  const auto compare = [](test::Rng& rng, std::int64_t size, std::int64_t misalign) {
    const auto values = rng.normal(size), gradients = rng.normal(size);
    const float lr = std::abs(rng.normal(1)[0]);
    const auto twin = updated(Device::cpu, lr, values, gradients);
    // Twice the bound: each of the two may use up its own.
    test::expect_sum_close(updated(Device::gpu, lr, values, gradients, misalign), twin,
                           update_in_double(lr, values, gradients).magnitude, 2 * kRoundings,
                           "[" + std::to_string(size) + "]");
  };
  test::Rng edges(2);
  for (const std::int64_t size : test::edge_sizes(kBlock))
    for (const std::int64_t misalign : {0, 1, 2}) compare(edges, size, misalign);
  test::for_each_seed("sgd_flat_kernel",
                      [&](test::Rng& rng) { compare(rng, rng.size(9000), rng.integer(0, 4)); });
}

TEST(Sgd, IntegersAreExact) {
  test::Rng rng(3);
  const auto values = rng.small_integers(500), gradients = rng.small_integers(500);
  const auto expected = update_in_double(2, values, gradients).value;
  test::expect_equal(updated(Device::cpu, 2.0f, values, gradients), expected);
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::expect_equal(updated(Device::gpu, 2.0f, values, gradients), expected);
}

TEST(Sgd, SameBitsUnderEverySchedule) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng rng(4);
  const auto values = rng.normal(3 * kBlock + 5), gradients = rng.normal(3 * kBlock + 5);
  test::expect_same_bits(
      20, [&] { return updated(Device::gpu, 0.1f, values, gradients); }, "sgd");
}

TEST(Sgd, UpdatesTensorsInPlaceOnBothDevices) {
  for (const Device device : {Device::cpu, Device::gpu}) {
    if (device == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
    Tensor values = from_values(std::vector<float>{1, 2, 3}, {3}).to(device);
    Tensor gradients = from_values(std::vector<float>{2, -4, 8}, {3}).to(device);
    sgd_(values, gradients, 0.5);
    test::expect_equal(values.to_vector<float>(), std::vector<float>{0, 4, -1});
    test::expect_equal(gradients.to_vector<float>(), std::vector<float>{0, 0, 0});
    Tensor none = empty({0}, DType::float32, device);
    sgd_(none, none, 1);
  }
}

TEST(Sgd, ANaNGradientShows) {
  Tensor values = from_values(std::vector<float>{1, 2}, {2});
  Tensor gradients = from_values(std::vector<float>{std::nanf(""), 1}, {2});
  sgd_(values, gradients, 0.5);
  test::expect_equal(values.to_vector<float>(), std::vector<float>{std::nanf(""), 1.5f});
}

TEST(Sgd, RefusesWhatDoesNotFit) {
  using test::error_of;
  Tensor values = zeros({4}), shorter = zeros({3}), wide = zeros({4}, DType::float64);
  Tensor integers = zeros({4}, DType::int32);
  EXPECT_EQ(error_of<ShapeError>([&] { sgd_(values, shorter, 1); }),
            "sgd_: expected gradients [4], got [3]");
  EXPECT_EQ(error_of<ShapeError>([&] { sgd_(values, wide, 1); }),
            "sgd_: expected equal dtypes, got float32 and float64");
  EXPECT_EQ(error_of<ShapeError>([&] { sgd_(integers, integers, 1); }),
            "sgd_: expected values of float32 (float64 on the cpu), got int32 on the cpu");
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Tensor elsewhere = zeros({4}, DType::float32, Device::gpu);
  EXPECT_THROW(sgd_(values, elsewhere, 1), ShapeError);
}

}  // namespace
}  // namespace weft
