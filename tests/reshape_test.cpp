#include "weft/ops/reshape.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/error.h"
#include "weft/autograd.h"
#include "weft/error.h"
#include "weft/ops/elementwise.h"
#include "weft/ops/reduction.h"

namespace weft {
namespace {

TEST(Flatten, MakesTheLaterAxesOne) {
  const Tensor x = zeros({2, 3, 4, 5});
  EXPECT_EQ(flatten(x).shape(), (Shape{2, 60}));
  EXPECT_EQ(flatten(x, 0).shape(), (Shape{120}));
  EXPECT_EQ(flatten(x, 2).shape(), (Shape{2, 3, 20}));
  EXPECT_EQ(flatten(x, 3).shape(), x.shape());
  EXPECT_EQ(flatten(x, -2).shape(), (Shape{2, 3, 20}));
  EXPECT_EQ(flatten(x, -4).shape(), (Shape{120}));
  EXPECT_EQ(flatten(zeros({}), 0).shape(), (Shape{1}));
  EXPECT_EQ(flatten(zeros({}), -1).shape(), (Shape{1}));
  EXPECT_EQ(flatten(zeros({1, 2, 3, 4, 5, 6}), 0).shape(), (Shape{720}));
}

TEST(Flatten, IsAViewOfAnyType) {
  for (const DType dtype : {DType::float32, DType::float64, DType::int32, DType::uint8}) {
    const Tensor x = zeros({2, 3, 4}, dtype);
    EXPECT_EQ(flatten(x).data(), x.data());
    EXPECT_EQ(flatten(x).dtype(), dtype);
  }
}

TEST(Flatten, TakesEmptyTensors) {
  EXPECT_EQ(flatten(zeros({0, 3, 4})).shape(), (Shape{0, 12}));
  EXPECT_EQ(flatten(zeros({5, 0, 4})).shape(), (Shape{5, 0}));
  EXPECT_EQ(flatten(zeros({5, 0, 4}), 0).shape(), (Shape{0}));
}

TEST(Flatten, PassesGradientsOn) {
  for (const Device device : {Device::cpu, Device::gpu}) {
    if (device == Device::gpu && !gpu_available()) continue;
    const Tensor x = full({2, 1, 3}, 1, DType::float32, device).set_requires_grad();
    const Tensor weights = from_values(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3}).to(device);
    sum(flatten(x) * weights).backward();
    EXPECT_EQ(x.grad().to_vector<float>(), (std::vector<float>{1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(x.grad().shape(), x.shape());
  }
}

TEST(Flatten, RefusesAnAxisThatIsNotThere) {
  using test::error_of;
  EXPECT_EQ(error_of<ShapeError>([] {
              flatten(zeros({2, 3}), 2);
            }),
            "flatten: expected an axis of -2 to 1 for [2, 3], got 2");
  EXPECT_EQ(error_of<ShapeError>([] { flatten(zeros({7})); }),  // as PyTorch does
            "flatten: expected an axis of -1 to 0 for [7], got 1");
  EXPECT_THROW(flatten(zeros({2, 3}), -3), ShapeError);
  EXPECT_EQ(error_of<ShapeError>([] { flatten(zeros({})); }),
            "flatten: expected an axis of -1 to 0 for [], got 1");
  const std::int64_t many = std::int64_t{1} << 40;  // nothing, but no [0, 2^80]
  EXPECT_THROW(flatten(empty({0, many, many})), ShapeError);
}

}  // namespace
}  // namespace weft
