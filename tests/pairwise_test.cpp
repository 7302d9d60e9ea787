#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "kernels/elementwise/pairwise.h"
#include "src/cpu/pairwise.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/autograd.h"
#include "weft/error.h"
#include "weft/ops/elementwise.h"
#include "weft/ops/reduction.h"

namespace weft {
namespace {

using test::Guarded;
using Floats = std::vector<float>;

constexpr std::int64_t kBlock = 1024;  // floats of a thread block

// The four operations, with their twins and their definitions.
struct Pair {
  const char* name;
  decltype(&kernels::add) kernel;
  decltype(&cpu::add<float>) twin;
  float (*exact)(float, float);  // one rounding, the IEEE one, on every device
};
const Pair kPairs[] = {
    {"add", kernels::add, cpu::add<float>, [](float a, float b) { return a + b; }},
    {"subtract", kernels::subtract, cpu::subtract<float>, [](float a, float b) { return a - b; }},
    {"multiply", kernels::multiply, cpu::multiply<float>, [](float a, float b) { return a * b; }},
    {"divide", kernels::divide, cpu::divide<float>, [](float a, float b) { return a / b; }},
};

struct Strides {
  std::int64_t row, column;
};
std::vector<Strides> all_strides(std::int64_t cols) { return {{cols, 1}, {0, 1}, {1, 0}, {0, 0}}; }

// Which arrays start off 16 bytes: each has to be looked at for itself.
struct Misaligned {
  bool a = false, b = false, y = false;
};
constexpr Misaligned kMisaligned[] = {
    {}, {.a = true}, {.b = true}, {.y = true}, {true, true, true}};
Misaligned any_misaligned(test::Rng& rng) {
  return {rng.chance(0.3), rng.chance(0.3), rng.chance(0.3)};
}

Floats run(const Pair& pair, Device device, const Floats& a, const Floats& b, std::int64_t rows,
           std::int64_t cols, Strides b_strides, Misaligned misaligned = {}) {
  const Guarded<float> x(a, device, misaligned.a), other(b, device, misaligned.b);
  Guarded<float> y(rows * cols, device, misaligned.y);
  if (device == Device::gpu)
    pair.kernel(x.data(), other.data(), y.data(), rows, cols, b_strides.row, b_strides.column,
                current_stream());
  else
    pair.twin(x.data(), other.data(), y.data(), rows, cols, b_strides.row, b_strides.column);
  return y.download();
}

void check(Device device, test::Rng& rng, std::int64_t rows, std::int64_t cols,
           Misaligned misaligned = {}) {
  for (const Pair& pair : kPairs)
    for (const Strides& s : all_strides(cols)) {
      const Floats a = rng.normal(rows * cols);
      const Floats b =
          rng.normal(std::max<std::int64_t>((rows - 1) * s.row + (cols - 1) * s.column + 1, 1));
      Floats expected;
      for (std::int64_t r = 0; r < rows; ++r)
        for (std::int64_t c = 0; c < cols; ++c)
          expected.push_back(pair.exact(a[static_cast<std::size_t>(r * cols + c)],
                                        b[static_cast<std::size_t>(r * s.row + c * s.column)]));
      test::expect_equal(run(pair, device, a, b, rows, cols, s, misaligned), expected,
                         std::string(pair.name) + " [" + std::to_string(rows) + ", " +
                             std::to_string(cols) + "], strides " + std::to_string(s.row) + ", " +
                             std::to_string(s.column),
                         test::Content::any);
    }
}

TEST(Pairwise, TwinsFollowTheDefinitions) {
  test::for_each_seed("cpu pairwise",
                      [](test::Rng& rng) { check(Device::cpu, rng, rng.size(30), rng.size(40)); });
}

TEST(Pairwise, KernelsFollowTheDefinitions) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng edges(1);
  for (const std::int64_t size : test::edge_sizes(kBlock)) {
    for (const Misaligned& misaligned : kMisaligned) check(Device::gpu, edges, 1, size, misaligned);
    check(Device::gpu, edges, size, 1);
  }
  test::for_each_seed("pairwise_broadcast_kernel", [](test::Rng& rng) {
    check(Device::gpu, rng, rng.size(50), rng.size(60), any_misaligned(rng));
  });
  test::count_shapes("pairwise_flat_kernel", test::kSeededShapes);  // in the same loop
}

TEST(Pairwise, MayWriteOverEitherOperand) {
  test::Rng rng(7);
  const std::int64_t rows = 13, cols = 97;
  const Floats a = rng.normal(rows * cols), b = rng.normal(rows * cols);
  for (const Device device : {Device::cpu, Device::gpu}) {
    if (device == Device::gpu && !gpu_available()) continue;
    for (const Pair& pair : kPairs) {
      const Floats expected = run(pair, device, a, b, rows, cols, {cols, 1});
      for (const bool over_a : {true, false}) {
        const Guarded<float> x(a, device), other(b, device);
        float* const y = over_a ? x.data() : other.data();
        if (device == Device::gpu)
          pair.kernel(x.data(), other.data(), y, rows, cols, cols, 1, current_stream());
        else
          pair.twin(x.data(), other.data(), y, rows, cols, cols, 1);
        test::expect_same_bits((over_a ? x : other).download(), expected, pair.name);
      }
    }
  }
}

TEST(Pairwise, SameBitsUnderEverySchedule) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng rng(2);
  const Floats a = rng.normal(33 * 67), b = rng.normal(67);
  for (const Pair& pair : kPairs)
    test::expect_same_bits(
        20,
        [&] {
          return run(pair, Device::gpu, a, b, 33, 67, {0, 1});
        },
        pair.name);
}

class PairwiseOps : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam() == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
  static Tensor values(const Floats& x, Shape shape) {
    return from_values(x, std::move(shape)).to(GetParam());
  }
};

TEST_P(PairwiseOps, BroadcastARowAColumnAndANumber) {
  const Tensor a = values({1, 2, 3, 4, 5, 6}, {2, 3});
  EXPECT_EQ((a + a).to_vector<float>(), (Floats{2, 4, 6, 8, 10, 12}));
  EXPECT_EQ((a + values({10, 20, 30}, {3})).to_vector<float>(), (Floats{11, 22, 33, 14, 25, 36}));
  EXPECT_EQ((a - values({1, 2}, {2, 1})).to_vector<float>(), (Floats{0, 1, 2, 2, 3, 4}));
  EXPECT_EQ((a / values({2}, {})).to_vector<float>(), (Floats{0.5, 1, 1.5, 2, 2.5, 3}));
  EXPECT_EQ((a * values({-1}, {1, 1})).to_vector<float>(), (Floats{-1, -2, -3, -4, -5, -6}));
  const Tensor cube = a.reshape({1, 2, 3}) * values({1, 0, -1}, {3});
  EXPECT_EQ(cube.to_vector<float>(), (Floats{1, 0, -3, 4, 0, -6}));
  EXPECT_EQ(cube.shape(), (Shape{1, 2, 3}));
  EXPECT_EQ(cube.device(), GetParam());
}

TEST_P(PairwiseOps, EmptyTensorsAndViewsAreLegal) {
  const Tensor none = empty({0, 3}, DType::float32, GetParam());
  EXPECT_EQ((none + values({1, 2, 3}, {3})).shape(), (Shape{0, 3}));
  EXPECT_EQ((none * values({2}, {})).shape(), (Shape{0, 3}));
  EXPECT_EQ((empty({2, 0}, DType::float32, GetParam()) - values({1, 2}, {2, 1})).shape(),
            (Shape{2, 0}));
  const Tensor middle = values({1, 2, 3, 4, 5}, {5}).rows(1, 4);
  EXPECT_EQ((middle * middle).to_vector<float>(), (Floats{4, 9, 16}));
}

TEST_P(PairwiseOps, GradientOfWhatMetNothingIsZero) {
  struct Meeting {
    Shape a, b;
  };
  for (const auto& [a_shape, b_shape] :
       {Meeting{{2, 0}, {2, 1}}, Meeting{{2, 3, 0}, {2, 3, 1}}, Meeting{{0, 3}, {3}},
        Meeting{{2, 0}, {0}}, Meeting{{2, 0}, {}}, Meeting{{0}, {1}}}) {
    const std::string what = a_shape.to_string() + " and " + b_shape.to_string();
    Tensor b = full(b_shape, 2, DType::float32, GetParam());
    b.set_requires_grad();
    sum(empty(a_shape, DType::float32, GetParam()) / b).backward();
    ASSERT_TRUE(b.grad().defined()) << what;
    test::expect_equal(b.grad().to_vector<float>(),
                       Floats(static_cast<std::size_t>(b_shape.size()), 0.0f), what,
                       test::Content::any);
  }
}

TEST_P(PairwiseOps, GradientsFlowToBothAndAddUp) {
  Tensor a = values({1, 2, 3, 4}, {2, 2}), row = values({5, 6}, {2}), number = values({3}, {1});
  for (Tensor* x : {&a, &row, &number}) x->set_requires_grad();
  const Tensor y = a * row + a * number;
  (y.reshape({4}).rows(0, 1) + y.reshape({4}).rows(3, 4)).reshape({}).backward();
  EXPECT_EQ(a.grad().to_vector<float>(), (Floats{8, 0, 0, 9}));
  EXPECT_EQ(row.grad().to_vector<float>(), (Floats{1, 4}));
  EXPECT_EQ(number.grad().to_vector<float>(), (Floats{5}));
}

INSTANTIATE_TEST_SUITE_P(Devices, PairwiseOps, ::testing::Values(Device::cpu, Device::gpu),
                         [](const auto& device) { return std::string(name_of(device.param)); });

TEST(Pairwise, HasTheGradientsOfFiniteDifferences) {
  test::Rng rng(6);
  const auto away = [&](std::int64_t size) {  // from 0, where a quotient has none
    auto values = rng.normal<double>(size);
    for (double& value : values) value += value < 0 ? -0.5 : 0.5;
    return values;
  };
  using Op = Tensor (*)(const Tensor&, const Tensor&);
  for (const Op op : {Op{add}, Op{subtract}, Op{multiply}, Op{divide}}) {
    for (const Shape& shape : {Shape{5, 3}, Shape{3}, Shape{5, 1}, Shape{1}, Shape{}})
      EXPECT_EQ(
          gradient_check([&](const std::vector<Tensor>& in) { return op(in[0], in[1]); },
                         {from_values(away(15), {5, 3}), from_values(away(shape.size()), shape)}),
          "")
          << shape.to_string();
    const auto twice = [&](const std::vector<Tensor>& in) { return op(in[0], in[0]); };
    EXPECT_EQ(gradient_check(twice, {from_values(away(6), {6})}), "");
  }
}

TEST(Pairwise, RefusesWhatDoesNotFit) {
  using test::error_of;
  const Tensor a = zeros({2, 3});
  EXPECT_EQ(
      error_of<ShapeError>([&] { add(a, zeros({2})); }),
      "add: expected b like a [2, 3], one row of it, one column of it, or one element, got [2]");
  EXPECT_THROW(divide(a, zeros({3, 2})), ShapeError);
  EXPECT_THROW(multiply(zeros({3}), a), ShapeError);
  EXPECT_EQ(error_of<ShapeError>([&] { subtract(a, zeros({3}, DType::float64)); }),
            "subtract: expected equal dtypes, got float32 and float64");
}

TEST(Pairwise, RefusesTensorsOnDifferentDevices) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  const Tensor a = zeros({2, 3});
  EXPECT_THROW(add(a, a.to(Device::gpu)), ShapeError);
}

}  // namespace
}  // namespace weft
