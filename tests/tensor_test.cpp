#include "weft/tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "weft/autograd.h"
#include "weft/error.h"

namespace weft {
namespace {

using test::error_of;

TEST(Shape, KnowsItsExtentsAndSize) {
  const Shape shape{2, 3, 4};
  EXPECT_EQ(shape.rank(), 3);
  EXPECT_EQ(shape.size(), 24);
  EXPECT_EQ(shape[1], 3);
  EXPECT_EQ(shape.to_string(), "[2, 3, 4]");
  EXPECT_EQ(Shape().size(), 1) << "a scalar has one element";
  EXPECT_EQ(Shape().to_string(), "[]");
  EXPECT_EQ((Shape{3, 0, 5}).size(), 0);
  EXPECT_NE((Shape{2, 3}), (Shape{3, 2}));
  EXPECT_NE((Shape{1}), Shape());
}

TEST(Shape, RefusesWhatIsNoShape) {
  const std::int64_t huge = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(error_of<ShapeError>([] {
              Shape{2, -1};
            }),
            "shape: expected no negative extent, got [2, -1]");
  EXPECT_EQ(error_of<ShapeError>([] { Shape{1, 1, 1, 1, 1, 1, 1}; }),
            "shape: expected at most 6 axes, got [1, 1, 1, 1, 1, 1, 1]");
  EXPECT_NE(error_of<ShapeError>([&] { Shape{huge}; }), "");
  EXPECT_NE(error_of<ShapeError>([] { Shape{1 << 30, 1 << 30, 1 << 30}; }), "");
  EXPECT_NE(error_of<ShapeError>([] {
              Shape{std::int64_t{1} << 32, std::int64_t{1} << 32};
            }),
            "")
      << "whose product is 0 in 64 bits";
  EXPECT_EQ((Shape{huge, 0, huge}).size(), 0) << "nothing is no overflow";
}

TEST(Tensor, AnUndefinedOneSaysSo) {
  const Tensor x;
  EXPECT_FALSE(x.defined());
  const std::string message = "tensor: expected a tensor, got an undefined one";
  EXPECT_EQ(error_of<ShapeError>([&] { x.shape(); }), message);
  EXPECT_EQ(error_of<ShapeError>([&] { x.size(); }), message);
  EXPECT_EQ(error_of<ShapeError>([&] { x.to_vector<float>(); }), message);
  EXPECT_EQ(error_of<ShapeError>([&] { x.requires_grad(); }), message);
  EXPECT_EQ(error_of<ShapeError>([&] { x.backward(); }), message);
}

TEST(Tensor, FactoriesFillEveryDtype) {
  EXPECT_EQ(zeros({2, 2}).to_vector<float>(), std::vector<float>(4, 0.0f));
  EXPECT_EQ(full({3}, 1.5, DType::float64).to_vector<double>(), std::vector<double>(3, 1.5));
  EXPECT_EQ(full({3}, -7, DType::int32).to_vector<std::int32_t>(),
            std::vector<std::int32_t>(3, -7));
  EXPECT_EQ(full({2}, 255, DType::uint8).to_vector<std::uint8_t>(),
            std::vector<std::uint8_t>(2, 255));
  EXPECT_EQ(full({}, 4).item(), 4);
  EXPECT_EQ(empty({0, 5}).size(), 0);
  EXPECT_EQ(empty({0, 5}).to_vector<float>().size(), 0u);
  EXPECT_EQ(zeros_like(full({2, 3}, 1, DType::int32)).dtype(), DType::int32);
  EXPECT_EQ(empty({5}, DType::float64).bytes(), 40u);
}

TEST(Tensor, FullRefusesValuesThatTheDtypeLacks) {
  EXPECT_EQ(error_of<ShapeError>([] { full({1}, 256, DType::uint8); }),
            "fill_: expected a value that uint8 can hold, got 256.000000");
  EXPECT_NE(error_of<ShapeError>([] { full({1}, 0.5, DType::int32); }), "");
  EXPECT_NE(error_of<ShapeError>([] { full({1}, 3e9, DType::int32); }), "");
  EXPECT_NE(error_of<ShapeError>([] { full({1}, std::nan(""), DType::int32); }), "");
}

TEST(Tensor, TypedAccessChecksTheDtype) {
  const Tensor x = full({2}, 1, DType::int32);
  EXPECT_EQ(error_of<ShapeError>([&] { x.data<float>(); }),
            "data: expected a tensor of float32, got int32 [2]");
  EXPECT_NE(error_of<ShapeError>([&] { x.to_vector<float>(); }), "");
  EXPECT_EQ(error_of<ShapeError>([&] { x.item(); }), "item: expected one element, got [2]");
  EXPECT_NE(error_of<ShapeError>([&] { x.size(1); }), "");
  EXPECT_EQ(error_of<ShapeError>([] {
              from_values(std::vector<float>{1, 2, 3}, {2, 2});
            }),
            "from_values: expected 4 values for [2, 2], got 3");
}

TEST(Tensor, CopiesOfAHandleShareTheStorage) {
  const Tensor a = zeros({2});
  const Tensor b = a;
  b.data<float>()[1] = 3;
  EXPECT_EQ(a.to_vector<float>(), (std::vector<float>{0, 3}));
  EXPECT_TRUE(same_tensor(a, b));
  const Tensor c = a.clone();
  c.data<float>()[0] = 9;
  EXPECT_EQ(a.to_vector<float>(), (std::vector<float>{0, 3}));
  EXPECT_TRUE(same_tensor(a, a.to(Device::cpu)));
}

TEST(Tensor, ViewsLookAtTheSameNumbers) {
  const Tensor x = from_values(std::vector<float>{1, 2, 3, 4, 5, 6}, {3, 2});
  EXPECT_EQ(x.rows(1, 3).to_vector<float>(), (std::vector<float>{3, 4, 5, 6}));
  EXPECT_EQ(x.rows(1, 3).shape(), (Shape{2, 2}));
  EXPECT_EQ(x.rows(3, 3).size(), 0);
  EXPECT_EQ(x.rows(1, 3).rows(1, 2).to_vector<float>(), (std::vector<float>{5, 6}));
  EXPECT_EQ(x.reshape({2, 3}).rows(1, 2).to_vector<float>(), (std::vector<float>{4, 5, 6}));
  x.rows(2, 3).data<float>()[1] = -6;
  EXPECT_EQ(x.to_vector<float>()[5], -6);
  EXPECT_EQ(error_of<ShapeError>([&] { x.reshape({4}); }),
            "reshape: expected 6 elements as in [3, 2], got [4]");
  EXPECT_EQ(error_of<ShapeError>([&] { x.rows(1, 4); }),
            "rows: expected a range within 3 rows, got 1 to 4");
  EXPECT_NE(error_of<ShapeError>([&] { x.rows(2, 1); }), "");
  EXPECT_NE(error_of<ShapeError>([&] { x.rows(-1, 1); }), "");
  EXPECT_NE(error_of<ShapeError>([&] { full({}, 1).rows(0, 1); }), "");
}

TEST(Tensor, CopyFromKeepsTheStorageAndSetDataSharesIt) {
  Tensor x = zeros({3});
  const Tensor handle = x;
  const Tensor source = from_values(std::vector<float>{1, 2, 3}, {3});
  x.copy_from(source);
  EXPECT_EQ(handle.to_vector<float>(), source.to_vector<float>());
  EXPECT_NE(handle.data(), source.data());
  x.set_data(source);
  EXPECT_EQ(handle.data(), source.data()) << "every handle follows";
  EXPECT_NE(error_of<ShapeError>([&] { x.copy_from(zeros({4})); }), "");
  EXPECT_NE(error_of<ShapeError>([&] { x.copy_from(zeros({3}, DType::float64)); }), "");
  EXPECT_NE(error_of<ShapeError>([&] { x.set_data(zeros({1, 3})); }), "");
}

TEST(Tensor, CopyFromAnOverlappingViewMovesTheNumbers) {
  const Tensor x = from_values(std::vector<float>{1, 2, 3, 4}, {4});
  Tensor later = x.rows(1, 4);
  later.copy_from(x.rows(0, 3));
  EXPECT_EQ(x.to_vector<float>(), (std::vector<float>{1, 1, 2, 3}));
  EXPECT_TRUE(overlap(later, x.rows(0, 2)));
  EXPECT_FALSE(overlap(later, x.rows(0, 1)));
  EXPECT_FALSE(overlap(x, x.rows(2, 2))) << "nothing overlaps nothing";
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  const Tensor there = x.to(Device::gpu);  // whose copies may run in any order
  there.rows(1, 4).copy_from(there.rows(0, 3));
  EXPECT_EQ(there.to_vector<float>(), (std::vector<float>{1, 1, 1, 2}));
  there.rows(0, 3).copy_from(there.rows(1, 4));
  EXPECT_EQ(there.to_vector<float>(), (std::vector<float>{1, 1, 2, 2}));
}

TEST(Tensor, ViewsOfNothingMayBeAsWideAsTheyLike) {
  const std::int64_t huge = std::numeric_limits<std::int64_t>::max();
  const Tensor none = empty({0, huge, huge});
  EXPECT_EQ(none.rows(0, 0).shape(), (Shape{0, huge, huge}));
}

TEST(Tensor, OnlyFloatingLeavesCanRequireAGradient) {
  EXPECT_EQ(error_of<ShapeError>([] { zeros({1}, DType::int32).set_requires_grad(); }),
            "set_requires_grad: expected a floating dtype, got int32");
  Tensor x = zeros({2});
  EXPECT_TRUE(x.set_requires_grad().requires_grad());
  EXPECT_FALSE(x.detach().requires_grad());
  EXPECT_FALSE(x.clone().requires_grad());
  EXPECT_TRUE(x.rows(0, 1).requires_grad());
  Tensor y = x.reshape({1, 2});
  EXPECT_TRUE(y.requires_grad());
  EXPECT_NE(error_of<ShapeError>([&] { y.set_requires_grad(false); }), "");
  EXPECT_NE(error_of<ShapeError>([&] { y.set_data(zeros({1, 2})); }), "");
  EXPECT_NE(error_of<ShapeError>([&] { x.set_grad(zeros({3})); }), "");
  EXPECT_NE(error_of<ShapeError>([&] { x.set_grad(x); }), "");
  EXPECT_FALSE(x.grad().defined());
  x.set_grad(full({2}, 2));
  EXPECT_EQ(x.grad().to_vector<float>(), (std::vector<float>{2, 2}));
  x.set_grad({});
  EXPECT_FALSE(x.grad().defined());
}

// Every dtype that the gpu has goes there and back without a change, whatever its size.
TEST(Tensor, GoesToTheGpuAndBack) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  for (const std::int64_t size : {0, 1, 31, 1000, 100003}) {
    std::vector<float> values(static_cast<std::size_t>(size));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) - 0.5f;
    const Tensor x = from_values(values, {size});
    const Tensor there = x.to(Device::gpu);
    EXPECT_EQ(there.device(), Device::gpu);
    EXPECT_EQ(there.clone().to(Device::cpu).to_vector<float>(), values);
    EXPECT_EQ(there.to_vector<float>(), values);
    Tensor other = zeros({size}, DType::float32, Device::gpu);
    EXPECT_EQ(other.to_vector<float>(), std::vector<float>(values.size(), 0.0f));
    other.copy_from(x);
    EXPECT_EQ(other.to_vector<float>(), values);
    Tensor back = zeros({size});
    back.copy_from(other);
    EXPECT_EQ(back.to_vector<float>(), values);
  }
  EXPECT_EQ(full({3}, 200, DType::uint8, Device::gpu).to_vector<std::uint8_t>(),
            std::vector<std::uint8_t>(3, 200));
  EXPECT_EQ(full({}, -5, DType::int32, Device::gpu).item(), -5);
  EXPECT_EQ(full({5}, 1, DType::float32, Device::gpu).rows(4, 5).item(), 1);
  EXPECT_NE(error_of<ShapeError>([] { zeros({2}, DType::float64).to(Device::gpu); }), "");
}

TEST(Tensor, SaysWhyThereIsNoGpu) {
  if (gpu_available()) GTEST_SKIP() << "there is one: " << gpu_properties().name;
  EXPECT_NE(gpu_unavailable_reason(), "");
  EXPECT_EQ(error_of<DeviceError>([] { zeros({2}).to(Device::gpu); }),
            "gpu: not available: " + gpu_unavailable_reason());
}

// Destroyed after main, in an order that nobody chose.
const Tensor at_exit = full({1000}, 1);

TEST(Tensor, MayLiveInAStaticObject) { EXPECT_EQ(at_exit.to_vector<float>()[999], 1); }

}  // namespace
}  // namespace weft
