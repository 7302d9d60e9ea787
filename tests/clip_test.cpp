#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/elementwise/clip.h"
#include "src/cpu/clip.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/autograd.h"
#include "weft/error.h"
#include "weft/ops/clip.h"

namespace weft {
namespace {

using test::Guarded;
using Floats = std::vector<float>;

constexpr std::int64_t kBlock = 1024;  // floats of a thread block
constexpr float kLow = -0.75f, kHigh = 1.25f;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

Floats forward(Device device, const Floats& x, std::int64_t misalign = 0) {
  Guarded<float> from(x, device, misalign), to(from.size(), device);
  if (device == Device::gpu)
    kernels::clip(from.data(), to.data(), to.size(), kLow, kHigh, current_stream());
  else
    cpu::clip(from.data(), to.data(), to.size(), kLow, kHigh);
  return to.download();
}

Floats backward(Device device, const Floats& x, const Floats& dy, const Floats* start,
                std::int64_t misalign = 0) {
  Guarded<float> from(x, device, misalign), gradient(dy, device), to(from.size(), device);
  if (start != nullptr) to.upload(*start);
  const bool add = start != nullptr;
  if (device == Device::gpu)
    kernels::clip_backward(from.data(), gradient.data(), to.data(), add, to.size(), kLow, kHigh,
                           current_stream());
  else
    cpu::clip_backward(from.data(), gradient.data(), to.data(), add, to.size(), kLow, kHigh);
  return to.download();
}

// Nothing is rounded but the one sum, so results are equal, not close.
void check(Device device, test::Rng& rng, std::int64_t size, std::int64_t misalign) {
  Floats x = rng.normal(size);
  for (float& value : x)
    if (rng.chance(0.1)) value = rng.chance(0.5) ? kLow : kHigh;
  const Floats dy = rng.normal(size), start = rng.normal(size);
  Floats expected, gradient, sum;
  for (std::size_t i = 0; i < x.size(); ++i) {
    expected.push_back(std::min(std::max(x[i], kLow), kHigh));
    gradient.push_back(expected[i] == x[i] ? dy[i] : 0);
    sum.push_back(start[i] + gradient[i]);
  }
  test::expect_equal(forward(device, x, misalign), expected, "clip", test::Content::any);
  test::expect_equal(backward(device, x, dy, nullptr, misalign), gradient, "clip backward",
                     test::Content::any);
  test::expect_equal(backward(device, x, dy, &start, misalign), sum, "clip backward, added",
                     test::Content::any);
}

TEST(Clip, TwinFollowsTheDefinition) {
  test::for_each_seed("cpu clip",
                      [](test::Rng& rng) { check(Device::cpu, rng, rng.size(300), 0); });
}

TEST(Clip, KernelsFollowTheDefinition) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng edges(1);
  for (const std::int64_t size : test::edge_sizes(kBlock))
    for (const std::int64_t misalign : {0, 1}) check(Device::gpu, edges, size, misalign);
  test::for_each_seed("clip_flat_kernel", [](test::Rng& rng) {
    check(Device::gpu, rng, rng.size(3000), rng.integer(0, 4));
  });
  test::count_shapes("clip_backward_flat_kernel", test::kSeededShapes);  // in the same loop
}

TEST(Clip, SameBitsUnderEverySchedule) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng rng(2);
  const Floats x = rng.normal(3 * kBlock + 5);
  test::expect_same_bits(
      20, [&] { return forward(Device::gpu, x); }, "clip");
}

TEST(Clip, KeepsNanAndPassesNoGradientThere) {
  const Floats x{std::nanf(""), kInfinity, -kInfinity, 0}, ones(4, 1.0f);
  for (const Device device : {Device::cpu, Device::gpu}) {
    if (device == Device::gpu && !gpu_available()) continue;
    const Floats y = forward(device, x);
    EXPECT_TRUE(std::isnan(y[0]));
    EXPECT_EQ(Floats(y.begin() + 1, y.end()), (Floats{kHigh, kLow, 0}));
    EXPECT_EQ(backward(device, x, ones, nullptr), (Floats{0, 0, 0, 1}));
  }
}

class ClipOp : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam() == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
};

TEST_P(ClipOp, GivesHandComputedResults) {
  Tensor x = from_values(Floats{-2, -1, 0, 1, 2, 3}, {3, 2}).to(GetParam());
  EXPECT_EQ(clip(x, -1, 2).to_vector<float>(), (Floats{-1, -1, 0, 1, 2, 2}));
  EXPECT_EQ(clip(x, -kInfinity, 0).to_vector<float>(), (Floats{-2, -1, 0, 0, 0, 0}));
  EXPECT_EQ(clip(x, 1, 1).to_vector<float>(), Floats(6, 1.0f));
  EXPECT_EQ(clip(x, 0, 1).shape(), x.shape());
  EXPECT_EQ(clip(x, 0, 1).device(), GetParam());
  EXPECT_EQ(clip(empty({0, 3}, DType::float32, GetParam()), 0, 1).shape(), (Shape{0, 3}));
}

TEST_P(ClipOp, PassesGradientsOnTheBounds) {
  Tensor x = full({}, 0.5, DType::float32, GetParam());
  x.set_requires_grad();
  clip(clip(x, 0, 1), 0.5, 2).backward();  // 0.5 lies on a bound: it passes
  EXPECT_EQ(x.grad().item(), 1);
}

INSTANTIATE_TEST_SUITE_P(Devices, ClipOp, ::testing::Values(Device::cpu, Device::gpu),
                         [](const auto& device) { return std::string(name_of(device.param)); });

TEST(Clip, HasTheGradientsOfFiniteDifferences) {
  const std::vector<double> values{-2, -0.8, -0.1, 0.3, 1.1, 1.9};  // none near a bound
  EXPECT_EQ(gradient_check([](const std::vector<Tensor>& x) { return clip(x[0], -0.5, 1.5); },
                           {from_values(values, {2, 3})}),
            "");
}

TEST(Clip, RefusesWhatItCannotTake) {
  using test::error_of;
  EXPECT_EQ(error_of<ShapeError>([] { clip(zeros({2}), 1, 0); }),
            "clip: expected low <= high, got 1.000000 and 0.000000");
  EXPECT_THROW(clip(zeros({2}), std::nan(""), 0), ShapeError);
  EXPECT_THROW(clip(zeros({2}), 0, std::nan("")), ShapeError);
  EXPECT_EQ(error_of<ShapeError>([] { clip(zeros({2}, DType::int32), 0, 1); }),
            "clip: expected x of float32 (float64 on the cpu), got int32 on the cpu");
}

}  // namespace
}  // namespace weft
