#include <gtest/gtest.h>

#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/shapes.h"
#include "weft/autograd.h"
#include "weft/error.h"
#include "weft/ops/reduction.h"

namespace weft {
namespace {

using test::error_of;
using test::Rng;

TEST(ReductionOp, GradientsAgreeWithDifferences) {
  Rng rng(1);
  const Tensor x = from_values(rng.normal<double>(35), {5, 7});
  EXPECT_EQ(gradient_check([](const std::vector<Tensor>& in) { return row_sums(in[0]); }, {x}), "");
  EXPECT_EQ(gradient_check([](const std::vector<Tensor>& in) { return column_sums(in[0]); }, {x}),
            "");
}

TEST(ReductionOp, IsTheSameOnBothDevices) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Rng rng(2);
  const Tensor x = from_values(rng.small_integers(21 * 13), {21, 13});
  const Tensor on_gpu = x.to(Device::gpu);
  const auto expect = [](const Tensor& gpu, const Tensor& cpu, auto zero) {
    using T = decltype(zero);
    EXPECT_EQ(gpu.device(), Device::gpu);
    EXPECT_EQ(cpu.device(), Device::cpu);
    EXPECT_EQ(gpu.shape(), cpu.shape());
    test::expect_equal(gpu.to_vector<T>(), cpu.to_vector<T>());
  };
  expect(row_sums(on_gpu), row_sums(x), 0.0f);
  expect(column_sums(on_gpu), column_sums(x), 0.0f);
  expect(argmax(on_gpu), argmax(x), 0);
  Tensor count = zeros({}, DType::int32), count_on_gpu = count.to(Device::gpu);
  const Tensor labels = argmax(x);
  add_correct_(count, x, labels);
  add_correct_(count_on_gpu, on_gpu, labels.to(Device::gpu));
  EXPECT_EQ(count.item(), 21);
  EXPECT_EQ(count_on_gpu.item(), 21);
}

TEST(ReductionOp, EmptyTensors) {
  for (const Device device : {Device::cpu, Device::gpu}) {
    if (device == Device::gpu && !gpu_available()) continue;
    const auto none = [&](std::int64_t rows, std::int64_t cols) {
      return empty({rows, cols}, DType::float32, device);
    };
    EXPECT_EQ(row_sums(none(0, 3)).shape(), (Shape{0}));
    EXPECT_EQ(row_sums(none(2, 0)).to_vector<float>(), (std::vector<float>{0, 0}));
    EXPECT_EQ(column_sums(none(0, 3)).to_vector<float>(), (std::vector<float>{0, 0, 0}));
    EXPECT_EQ(column_sums(none(2, 0)).shape(), (Shape{0}));
    EXPECT_EQ(argmax(none(0, 3)).shape(), (Shape{0}));
  }
}

TEST(ReductionOp, BadInputIsASentence) {
  const Tensor x = full({2, 3}, 0), labels = full({2}, 0, DType::int32);
  Tensor count = zeros({}, DType::int32);
  EXPECT_EQ(error_of<ShapeError>([&] { row_sums(full({3}, 0)); }),
            "row_sums: expected x of rank 2, got [3]");
  EXPECT_EQ(error_of<ShapeError>([&] {
              column_sums(full({2, 3}, 0, DType::uint8));
            }),
            "column_sums: expected x of float32 (float64 on the cpu), got uint8 on the cpu");
  EXPECT_EQ(error_of<ShapeError>([&] {
              argmax(empty({2, 0}));
            }),
            "argmax: expected x of 1 to 2147483647 columns, got [2, 0]");
  EXPECT_EQ(error_of<ShapeError>([&] { add_correct_(count, x, full({3}, 0, DType::int32)); }),
            "add_correct_: expected labels [2], got [3]");
  EXPECT_EQ(error_of<ShapeError>([&] { add_correct_(count, x, full({2}, 0)); }),
            "add_correct_: expected labels of int32, got float32");
  Tensor two = zeros({2}, DType::int32);
  EXPECT_EQ(error_of<ShapeError>([&] { add_correct_(two, x, labels); }),
            "add_correct_: expected count [], got [2]");
}

}  // namespace
}  // namespace weft
