#include "kernels/elementwise/map.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "src/cpu/map.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/autograd.h"
#include "weft/error.h"
#include "weft/ops/elementwise.h"

namespace weft {
namespace {

using test::Guarded;
using Floats = std::vector<float>;

constexpr std::int64_t kBlock = 1024;  // floats of a thread block

// Which arrays start off 16 bytes: each has to be looked at for itself.
struct Misaligned {
  bool x = false, y = false;
};
constexpr Misaligned kMisaligned[] = {{}, {.x = true}, {.y = true}, {true, true}};
Misaligned any_misaligned(test::Rng& rng) { return {rng.chance(0.3), rng.chance(0.3)}; }

struct Function {
  const char* name;
  void (*kernel)(const float*, float*, std::int64_t, StreamView);
  void (*twin)(const float*, float*, std::int64_t);
  double (*exact)(double);
  double rounding;  // relative, beside one of 1e-7 absolute near the zero of log
};
// expf is right to 2 units in the last place, logf to 1, sqrtf and a product to half of one (CUDA C
// Programming Guide); a unit is at most 2^-23 of the number.
const Function kFunctions[] = {
    {"exp", kernels::exp, cpu::exp<float>, [](double x) { return std::exp(x); }, 2 * 0x1p-23},
    {"log", kernels::log, cpu::log<float>, [](double x) { return std::log(x); }, 2 * 0x1p-23},
    {"sqrt", kernels::sqrt, cpu::sqrt<float>, [](double x) { return std::sqrt(x); }, 0x1p-24},
    {"square", kernels::square, cpu::square<float>, [](double x) { return x * x; }, 0x1p-24},
    {"affine",
     [](const float* x, float* y, std::int64_t size, StreamView stream) {
       kernels::affine(x, y, size, -1.5f, 0.25f, stream);
     },
     [](const float* x, float* y, std::int64_t size) { cpu::affine(x, y, size, -1.5f, 0.25f); },
     [](double x) { return -1.5 * x + 0.25; }, 2 * 0x1p-24},
    {"divide_by",
     [](const float* x, float* y, std::int64_t size, StreamView stream) {
       kernels::divide_by(x, y, size, -49, stream);
     },
     [](const float* x, float* y, std::int64_t size) { cpu::divide_by(x, y, size, -49.0f); },
     [](double x) { return x / -49; }, 0x1p-24},
};

Floats run(const Function& function, Device device, const Floats& x, Misaligned misaligned = {}) {
  const Guarded<float> from(x, device, misaligned.x);
  Guarded<float> y(from.size(), device, misaligned.y);
  if (device == Device::gpu)
    function.kernel(from.data(), y.data(), y.size(), current_stream());
  else
    function.twin(from.data(), y.data(), y.size());
  return y.download();
}

void check(Device device, test::Rng& rng, std::int64_t size, Misaligned misaligned = {}) {
  for (const Function& function : kFunctions) {
    Floats x = rng.normal(size, 0, 3);
    for (float& value : x) value = std::abs(value) + 0x1p-20f;
    std::vector<double> expected;
    for (const float value : x) expected.push_back(function.exact(value));
    test::expect_close(run(function, device, x, misaligned), expected,
                       {.abs = 0x1p-23, .rel = function.rounding}, function.name,
                       test::Content::any);
  }
}

TEST(Map, TwinsFollowTheDefinitions) {
  test::for_each_seed("cpu map", [](test::Rng& rng) { check(Device::cpu, rng, rng.size(300)); });
}

TEST(Map, KernelsFollowTheDefinitions) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng edges(1);
  for (const std::int64_t size : test::edge_sizes(kBlock))
    for (const Misaligned& misaligned : kMisaligned) check(Device::gpu, edges, size, misaligned);
  test::for_each_seed("map_flat_kernel", [](test::Rng& rng) {
    check(Device::gpu, rng, rng.size(3000), any_misaligned(rng));
  });
}

TEST(Map, IsDefinedAtTheEnds) {
  const float inf = std::numeric_limits<float>::infinity(), nan = std::nanf("");
  const Floats x{nan, inf, -inf, 0, -1};
  for (const Device device : {Device::cpu, Device::gpu}) {
    if (device == Device::gpu && !gpu_available()) continue;
    for (const Function& function : kFunctions)
      EXPECT_TRUE(std::isnan(run(function, device, x)[0])) << function.name;
    const Floats exps = run(kFunctions[0], device, x), logs = run(kFunctions[1], device, x),
                 roots = run(kFunctions[2], device, x);
    EXPECT_EQ(exps[1], inf);
    EXPECT_EQ(exps[2], 0);
    EXPECT_EQ(logs[1], inf);
    EXPECT_EQ(logs[3], -inf);
    EXPECT_TRUE(std::isnan(logs[4]) && std::isnan(roots[4]));
  }
}

TEST(Map, SameBitsUnderEverySchedule) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng rng(2);
  const Floats x = rng.normal(2 * kBlock + 5);
  for (const Function& function : kFunctions)
    test::expect_same_bits(
        20, [&] { return run(function, Device::gpu, x); }, function.name);
}

class MapOps : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam() == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
  static Tensor values(const Floats& x, Shape shape) {
    return from_values(x, std::move(shape)).to(GetParam());
  }
};

TEST_P(MapOps, TakeNumbersOfTheHost) {
  const Tensor x = values({1, -2}, {2});
  EXPECT_EQ((2.0 * x).to_vector<float>(), (Floats{2, -4}));
  EXPECT_EQ((x * 2.0).to_vector<float>(), (Floats{2, -4}));
  EXPECT_EQ((x / 2.0).to_vector<float>(), (Floats{0.5, -1}));
  EXPECT_EQ((x + 1.0).to_vector<float>(), (Floats{2, -1}));
  EXPECT_EQ((x - 1.0).to_vector<float>(), (Floats{0, -3}));
  EXPECT_EQ((-x).to_vector<float>(), (Floats{-1, 2}));
}

TEST_P(MapOps, AQuotientByANumberIsRoundedOnce) {
  for (int n = 1; n <= 200; ++n)  // n * (1 / n) is not 1 for 41
    EXPECT_EQ((values({static_cast<float>(n)}, {1}) / static_cast<double>(n)).item(), 1) << n;
  EXPECT_EQ((values({0, 1e-30f}, {2}) / 1e-39).to_vector<float>(),
            (Floats{0, 1e-30f / 1e-39f}));  // whose reciprocal no float holds
}

TEST_P(MapOps, AProductWithANumberKeepsTheSignOfZero) {
  const Tensor zeros_of_both_signs = values({0.0f, -0.0f}, {2});
  const auto are_negative = [](const Tensor& x) {
    std::vector<bool> signs;
    for (const float value : x.to_vector<float>()) signs.push_back(std::signbit(value));
    return signs;
  };
  EXPECT_EQ(are_negative(-zeros_of_both_signs), (std::vector<bool>{true, false}));
  EXPECT_EQ(are_negative(2.0 * zeros_of_both_signs), (std::vector<bool>{false, true}));
  EXPECT_EQ(are_negative(zeros_of_both_signs * -2.0), (std::vector<bool>{true, false}));
}

INSTANTIATE_TEST_SUITE_P(Devices, MapOps, ::testing::Values(Device::cpu, Device::gpu),
                         [](const auto& device) { return std::string(name_of(device.param)); });

TEST(Map, HasTheGradientsOfFiniteDifferences) {
  const std::vector<double> values{0.3, 0.9, 1.7, 2.5};
  using Op = Tensor (*)(const Tensor&);
  for (const Op op : {Op{exp}, Op{log}, Op{sqrt}, Op{square}})
    EXPECT_EQ(gradient_check([&](const std::vector<Tensor>& in) { return op(in[0]); },
                             {from_values(values, {2, 2})}),
              "");
  EXPECT_EQ(gradient_check([](const std::vector<Tensor>& in) { return affine(in[0], -2.5, 3); },
                           {from_values(values, {4})}),
            "");
  EXPECT_EQ(gradient_check([](const std::vector<Tensor>& in) { return in[0] / -2.5; },
                           {from_values(values, {4})}),
            "");
}

TEST(Map, RefusesWhatIsNoFloat) {
  EXPECT_EQ(test::error_of<ShapeError>([] { exp(zeros({2}, DType::int32)); }),
            "exp: expected x of float32 (float64 on the cpu), got int32 on the cpu");
  EXPECT_THROW(affine(zeros({2}, DType::uint8), 1, 0), ShapeError);
  EXPECT_THROW(divide(zeros({2}, DType::int32), 2.0), ShapeError);
}

}  // namespace
}  // namespace weft
