#include "kernels/reduction/l2_norm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "src/cpu/l2_norm.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/autograd.h"
#include "weft/error.h"
#include "weft/ops/elementwise.h"
#include "weft/ops/optimizer.h"
#include "weft/ops/reduction.h"
#include "weft/optim.h"

namespace weft {
namespace {

using test::Guarded;
using test::Rng;
using Floats = std::vector<float>;

constexpr std::int64_t kStretch = 4096;  // floats of a thread block

float norm_of(Device device, const Floats& x, std::int64_t misalign = 0) {
  const Guarded<float> from(x, device, misalign);
  Guarded<float> norm(1, device);
  if (device == Device::gpu) {
    Guarded<float> workspace(kernels::l2_norm_blocks(from.size()), device);
    kernels::l2_norm(from.data(), workspace.data(), norm.data(), from.size(), current_stream());
  } else {
    cpu::l2_norm(from.data(), norm.data(), from.size());
  }
  return norm.download()[0];
}

Floats clipped(Device device, const Floats& x, float norm, float max_norm,
               std::int64_t misalign = 0) {
  Guarded<float> values(x, device, misalign);
  const Guarded<float> norm_on_device(Floats{norm}, device);
  if (device == Device::gpu)
    kernels::clip_to_norm(values.data(), norm_on_device.data(), max_norm, values.size(),
                          current_stream());
  else
    cpu::clip_to_norm(values.data(), norm_on_device.data(), max_norm, values.size());
  return values.download();
}

// A square is added through 4 + 13 levels in its block, then through a 256th of the blocks and 13 levels:
// all terms are positive, so the sum is wrong by its depth in units, the root by half of that and one more.
void check(Device device, Rng& rng, std::int64_t size, std::int64_t misalign) {
  const Floats x = rng.normal(size);
  double sum = 0;
  for (const float value : x) sum += static_cast<double>(value) * value;
  const double blocks = static_cast<double>(size) / kStretch, depth = 32 + blocks / 256;
  const std::string what = "[" + std::to_string(size) + "]";
  test::expect_close(Floats{norm_of(device, x, misalign)}, std::vector<double>{std::sqrt(sum)},
                     {.rel = (depth / 2 + 1) * 0x1p-24}, what, test::Content::any);
  // The factor takes a sum and a quotient, the product one more rounding.
  for (const float max_norm : {0.5f, 1e6f}) {
    const float norm = rng.normal(1, 3)[0];
    const double factor = std::min(1.0, max_norm / (std::abs(static_cast<double>(norm)) + 1e-6));
    std::vector<double> expected;
    for (const float value : x) expected.push_back(value * factor);
    test::expect_close(clipped(device, x, std::abs(norm), max_norm, misalign), expected,
                       {.rel = 4 * 0x1p-24}, what, test::Content::any);
  }
}

TEST(L2Norm, TwinFollowsTheDefinition) {
  test::for_each_seed("cpu l2_norm", [](Rng& rng) { check(Device::cpu, rng, rng.size(500), 0); });
}

TEST(L2Norm, KernelsFollowTheDefinition) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Rng edges(1);
  for (const std::int64_t size : test::edge_sizes(kStretch))
    for (const std::int64_t misalign : {0, 1}) check(Device::gpu, edges, size, misalign);
  test::for_each_seed("l2_norm_stretch_kernel", [](Rng& rng) {
    check(Device::gpu, rng, rng.size(10000), rng.integer(0, 4));
  });
  test::count_shapes("l2_norm_root_kernel", test::kSeededShapes);  // in the same loop
  test::count_shapes("clip_to_norm_kernel", test::kSeededShapes);
}

TEST(L2Norm, SameBitsUnderEverySchedule) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Rng rng(2);
  const Floats x = rng.normal(3 * kStretch + 5);
  test::expect_same_bits(
      20, [&] { return Floats{norm_of(Device::gpu, x)}; }, "l2_norm");
  test::expect_same_bits(
      20, [&] { return clipped(Device::gpu, x, 3, 1); }, "clip_to_norm");
}

TEST(L2Norm, IsExactForWholeNumbersAndDefinedAtTheEnds) {
  const float nan = std::nanf(""), inf = INFINITY;
  for (const Device device : {Device::cpu, Device::gpu}) {
    if (device == Device::gpu && !gpu_available()) continue;
    EXPECT_EQ(norm_of(device, {3, 4}), 5);
    EXPECT_EQ(norm_of(device, Floats(10000, 1.0f)), 100);
    EXPECT_EQ(norm_of(device, {}), 0);
    EXPECT_EQ(norm_of(device, {1, inf}), inf);
    EXPECT_TRUE(std::isnan(norm_of(device, {1, nan})));
    EXPECT_TRUE(std::isnan(clipped(device, {1}, nan, 1)[0]));
    EXPECT_EQ(clipped(device, {1}, inf, 1)[0], 0);
    EXPECT_EQ(clipped(device, {0}, 0, 1)[0], 0);
    EXPECT_EQ(clipped(device, {0.5f}, 0.5f, 1)[0], 0.5f);  // not scaled up
  }
}

// The ones are about a sixteenth of the sum, and each alone too small to change 2^24: added one after the
// other they would be lost. There is a block more than the root kernel has threads, and as much again in it.
TEST(L2Norm, KeepsManySmallNumbersBesideALargeOne) {
  Floats x(256 * kStretch + 5, 1.0f);
  x.front() = 4096;
  x.back() = 1024;
  const double blocks = static_cast<double>(x.size()) / kStretch, depth = 32 + blocks / 256;
  const double expected = std::sqrt(0x1p24 + 0x1p20 + static_cast<double>(x.size() - 2));
  for (const Device device : {Device::cpu, Device::gpu}) {
    if (device == Device::gpu && !gpu_available()) continue;
    test::expect_close(Floats{norm_of(device, x)}, std::vector<double>{expected},
                       {.rel = (depth / 2 + 1) * 0x1p-24}, name_of(device));
  }
}

// Squares leave float32 at 2^64 = 1.8e19 and below 2^-75 = 2.6e-23; the twin sums them in double.
TEST(L2Norm, OverflowsAndUnderflowsWhereItsContractSays) {
  const test::Tolerance roundings{.rel = 3 * 0x1p-24};  // a square or a sum, a root, the numbers
  const auto near = [&](float norm, double expected) {
    test::expect_close(Floats{norm}, std::vector<double>{expected}, roundings);
  };
  near(norm_of(Device::cpu, {0x1p64f, 0}), 0x1p64);
  near(norm_of(Device::cpu, {0x1p-76f, 0}), 0x1p-76);
  EXPECT_EQ(norm_of(Device::cpu, {3e38f, 3e38f}), INFINITY) << "no float32";
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  near(norm_of(Device::gpu, {0x1p63f, 0x1p63f}), std::sqrt(2.0) * 0x1p63);
  EXPECT_EQ(norm_of(Device::gpu, {0x1p64f}), INFINITY);
  EXPECT_EQ(norm_of(Device::gpu, Floats(4, 0x1p63f)), INFINITY) << "each alone is small enough";
  near(norm_of(Device::gpu, {1.1e-19f}), 1.1e-19);
  EXPECT_EQ(norm_of(Device::gpu, {0x1p-76f}), 0);
}

TEST(L2Norm, OptimizersClipAllGradientsTogether) {
  for (const Device device : {Device::cpu, Device::gpu}) {
    if (device == Device::gpu && !gpu_available()) continue;
    Tensor a = full({2}, 0, DType::float32, device), b = full({1}, 0, DType::float32, device);
    a.set_requires_grad();
    b.set_requires_grad();
    Sgd optimizer({a, b}, {.lr = 1});
    const auto forward = [&] {
      const Tensor weights = from_values(Floats{2, 4}, {2}).to(device);
      (sum(a * weights) + sum(b * 4.0)).backward();  // gradients 2, 4 and 4: norm 6
    };
    forward();
    EXPECT_EQ(optimizer.clip_gradients(12).item(), 6);
    optimizer.step();
    EXPECT_EQ(a.to_vector<float>(), (Floats{-2, -4})) << "left alone";
    forward();
    EXPECT_EQ(optimizer.clip_gradients(3).item(), 6);
    optimizer.step();
    const test::Tolerance beside_the_norm{.rel =
                                              1e-6};  // the 1e-6 that is added to 6, and roundings
    test::expect_close(a.to_vector<float>(), std::vector<double>{-3, -6}, beside_the_norm);
    test::expect_close(b.to_vector<float>(), std::vector<double>{-6}, beside_the_norm);
    EXPECT_THROW(optimizer.clip_gradients(0), ShapeError);
  }
}

TEST(L2Norm, ClipsGradientsInDoubleAndThoseSetFromOutside) {
  for (const DType dtype : {DType::float32, DType::float64}) {
    Tensor a = full({2}, 0, dtype), b = full({3}, 0, dtype), unused = full({4}, 0, dtype);
    for (Tensor* p : {&a, &b, &unused}) p->set_requires_grad();
    Adam optimizer({a, b, unused});
    a.set_grad(full({2}, 3, dtype));
    b.set_grad(full({3}, 4, dtype));  // 2 * 9 + 3 * 16 = 66
    const double norm = std::sqrt(66.0);
    const Tensor found = optimizer.clip_gradients(1);
    EXPECT_EQ(found.dtype(), dtype);
    EXPECT_EQ(found.shape(), Shape{});
    const double u = dtype == DType::float64 ? 0x1p-53 : 0x1p-24;
    EXPECT_NEAR(found.item(), norm, 2 * u * norm);
    const double factor = 1 / (norm + 1e-6);
    const auto gradient = [&](const Tensor& p) {
      return dtype == DType::float64 ? p.grad().to_vector<double>()[1]
                                     : static_cast<double>(p.grad().to_vector<float>()[1]);
    };
    EXPECT_NEAR(gradient(a), 3 * factor,
                3 * factor * 6 * u);  // norm 2, sum, 1e-6, quotient, product
    EXPECT_NEAR(gradient(b), 4 * factor, 4 * factor * 6 * u);
    EXPECT_EQ(gradient(unused), 0);
    EXPECT_EQ(optimizer.gradients().data(), a.grad().data()) << "back in the arena";
  }
}

TEST(L2Norm, RefusesWhatItCannotTake) {
  using test::error_of;
  Tensor x = zeros({3});
  EXPECT_EQ(error_of<ShapeError>([&] { clip_to_norm_(x, zeros({2}), 1); }),
            "clip_to_norm_: expected norm [], got [2]");
  EXPECT_EQ(error_of<ShapeError>([&] { clip_to_norm_(x, zeros({}), -1); }),
            "clip_to_norm_: expected a largest norm over 0, got -1.000000");
  EXPECT_THROW(clip_to_norm_(x, zeros({}), std::nan("")), ShapeError);
  EXPECT_THROW(l2_norm(zeros({2}, DType::int32)), ShapeError);
}

}  // namespace
}  // namespace weft
