#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "kernels/gather/copy_rows.h"
#include "src/cpu/copy_rows.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/autograd.h"
#include "weft/error.h"
#include "weft/ops/concatenate.h"
#include "weft/ops/elementwise.h"
#include "weft/ops/reduction.h"

namespace weft {
namespace {

using test::Guarded;
using Floats = std::vector<float>;

constexpr std::int64_t kChunk = 512;  // elements of a thread block in one row

struct Copy {
  std::int64_t rows, length;
  std::int64_t from_stride, from_offset, to_stride, to_offset;
};

/// Whole matrices, so that what lies between the rows is there to be spoiled.
template <class T>
std::vector<T> run(Device device, const Copy& c, const std::vector<T>& x,
                   const std::vector<T>& start, bool add, std::int64_t misalign = 0) {
  const Guarded<T> from(x, device, misalign);
  const Guarded<T> to(start, device, misalign / 2);
  const T* const source = from.data() + c.from_offset;
  T* const target = to.data() + c.to_offset;
  if (device == Device::cpu)
    cpu::copy_rows(source, c.from_stride, target, c.to_stride, add, c.rows, c.length);
  else if constexpr (!std::is_same_v<T, double>)
    kernels::copy_rows(source, c.from_stride, target, c.to_stride, add, c.rows, c.length,
                       current_stream());
  return to.download();
}

// Small integers: their sums are exact.
template <class T>
void check(Device device, test::Rng& rng, const Copy& c, std::int64_t misalign) {
  const auto x = rng.small_integers<T>(c.rows * c.from_stride + c.from_offset, 1, 9);
  const auto start = rng.small_integers<T>(c.rows * c.to_stride + c.to_offset, 10, 90);
  const std::string what = std::to_string(c.rows) + " rows of " + std::to_string(c.length) +
                           " from " + std::to_string(c.from_stride) + " to " +
                           std::to_string(c.to_stride) + ", seed " + std::to_string(rng.seed());
  for (const bool add : {false, true}) {
    auto expected = start;
    for (std::int64_t r = 0; r < c.rows; ++r)
      for (std::int64_t i = 0; i < c.length; ++i) {
        T& to = expected[static_cast<std::size_t>(c.to_offset + r * c.to_stride + i)];
        const T value = x[static_cast<std::size_t>(c.from_offset + r * c.from_stride + i)];
        to = static_cast<T>(add ? to + value : value);
      }
    test::expect_equal(run(device, c, x, start, add, misalign), expected,
                       what + (add ? ", added" : ""), test::Content::any);
  }
}

/// Rows at either end of a part and of a whole; half of the cases in multiples of 16 bytes.
Copy random_copy(test::Rng& rng, std::int64_t most_rows, std::int64_t longest) {
  const std::int64_t unit = rng.chance(0.5) ? 16 : 1;
  Copy c{};
  c.rows = rng.size(most_rows);
  c.length = rng.size(longest / unit) * unit;
  c.from_offset = rng.integer(0, 3) * unit;
  c.to_offset = rng.integer(0, 3) * unit;
  c.from_stride = c.length + c.from_offset + rng.integer(0, 2) * unit;
  c.to_stride = c.length + c.to_offset + rng.integer(0, 2) * unit;
  return c;
}

TEST(CopyRows, TwinFollowsTheDefinition) {
  test::for_each_seed("cpu copy_rows", [](test::Rng& rng) {
    const Copy c = random_copy(rng, 20, 60);
    check<float>(Device::cpu, rng, c, 0);
    check<double>(Device::cpu, rng, c, 0);
    check<std::int32_t>(Device::cpu, rng, c, 0);
    check<std::uint8_t>(Device::cpu, rng, c, 0);
  });
}

TEST(CopyRows, KernelFollowsTheDefinition) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng edges(1);
  for (const std::int64_t length : test::edge_sizes(kChunk))
    for (const std::int64_t rows : {1, 2, 5})
      for (const std::int64_t misalign : {0, 1}) {
        check<float>(Device::gpu, edges, {rows, length, length, 0, length + 3, 3}, misalign);
        check<float>(Device::gpu, edges, {rows, length, length + 4, 4, length, 0}, misalign);
        check<std::uint8_t>(Device::gpu, edges, {rows, length, length, 0, length + 16, 16},
                            misalign);
      }
  for (const std::int64_t rows : test::edge_sizes(128))
    check<float>(Device::gpu, edges, {rows, 3, 3, 0, 7, 2}, 0);
  test::for_each_seed("copy_rows_kernel", [](test::Rng& rng) {
    const Copy c = random_copy(rng, 40, rng.chance(0.1) ? 1500 : 100);
    const std::int64_t misalign = rng.chance(0.5) ? 0 : rng.integer(0, 8);
    check<float>(Device::gpu, rng, c, misalign);
    check<std::int32_t>(Device::gpu, rng, c, misalign);
    check<std::uint8_t>(Device::gpu, rng, c, misalign);
  });
}

/// A single long row, as when vectors are joined: its blocks go on after their first chunk.
TEST(CopyRows, OneRowMayBeLongerThanItsGrid) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  constexpr std::int64_t kMostChunks = 4096, length = kMostChunks * kChunk + 2 * kChunk + 77;
  std::vector<std::uint8_t> x(length), start(length);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<std::uint8_t>(i * 7 % 251);
  const Copy c{1, length, length, 0, length, 0};
  EXPECT_EQ(run(Device::gpu, c, x, start, false, 1), x);
}

TEST(CopyRows, SameBitsUnderEverySchedule) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng rng(2);
  const Copy c{9, 701, 701, 0, 705, 2};
  const Floats x = rng.normal(9 * 701), start = rng.normal(9 * 705 + 2);
  test::expect_same_bits(
      20, [&] { return run(Device::gpu, c, x, start, true); }, "copy_rows");
}

class Concatenate : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam() == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
  template <class T>
  static Tensor values(const std::vector<T>& x, Shape shape) {
    return from_values(x, std::move(shape)).to(GetParam());
  }
};

TEST_P(Concatenate, GivesHandComputedResults) {
  const Tensor a = values<float>({1, 2, 3, 4}, {2, 2}), b = values<float>({5, 6}, {1, 2}),
               c = values<float>({7, 8}, {2, 1});
  const Tensor below = concatenate({a, b}, 0), beside = concatenate({c, a, c}, 1);
  EXPECT_EQ(below.to_vector<float>(), (Floats{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(below.shape(), (Shape{3, 2}));
  EXPECT_EQ(beside.to_vector<float>(), (Floats{7, 1, 2, 7, 8, 3, 4, 8}));
  EXPECT_EQ(beside.shape(), (Shape{2, 4}));
  EXPECT_EQ(beside.device(), GetParam());
  EXPECT_EQ(concatenate({a, b}, -2).to_vector<float>(), below.to_vector<float>());
  EXPECT_EQ(concatenate({c, a, c}, -1).to_vector<float>(), beside.to_vector<float>());
  EXPECT_FALSE(overlap(concatenate({a}, 0), a));  // a copy, of one part as well
}

/// Every axis of rank 4, against indices; integers and bytes as they are, NaN with its payload.
TEST_P(Concatenate, JoinsAnyAxisOfAnyType) {
  test::Rng rng(3);
  for (int axis = 0; axis < 4; ++axis) {
    std::vector<std::vector<std::int64_t>> shapes(3, {2, 3, 4, 5});
    std::vector<Tensor> floats, integers, bytes;
    std::int64_t joined = 0;
    for (auto& shape : shapes) {
      joined += shape[static_cast<std::size_t>(axis)] = rng.integer(0, 4);
      const Shape part{std::span<const std::int64_t>(shape)};
      floats.push_back(values(rng.normal(part.size()), part));
      integers.push_back(
          values(rng.small_integers<std::int32_t>(part.size(), -2000000000, 2000000000), part));
      bytes.push_back(values(rng.small_integers<std::uint8_t>(part.size(), 0, 255), part));
    }
    const auto expect = [&]<class T>(const std::vector<Tensor>& parts, T) {
      const Tensor y = concatenate(parts, axis);
      std::vector<std::int64_t> whole = shapes[0];
      whole[static_cast<std::size_t>(axis)] = joined;
      ASSERT_EQ(y.shape(), Shape{std::span<const std::int64_t>(whole)});
      const auto found = y.to_vector<T>();
      std::vector<T> expected(found.size());
      std::int64_t before = 0;
      for (const Tensor& part : parts) {
        const auto x = part.to_vector<T>();
        for (std::int64_t i = 0; i < part.size(); ++i) {
          std::int64_t rest = i, index[4];
          for (int a = 3; a >= 0; --a) index[a] = rest % part.size(a), rest /= part.size(a);
          index[axis] += before;
          std::int64_t place = 0;
          for (int a = 0; a < 4; ++a) place = place * y.size(a) + index[a];
          expected[static_cast<std::size_t>(place)] = x[static_cast<std::size_t>(i)];
        }
        before += part.size(axis);
      }
      test::expect_same_bits(found, expected, "axis " + std::to_string(axis));
    };
    expect(floats, float{});
    expect(integers, std::int32_t{});
    expect(bytes, std::uint8_t{});
  }
}

TEST_P(Concatenate, KeepsNanAndInfinities) {
  const float odd[] = {std::nanf(""), INFINITY, -INFINITY, -0.0f};
  const Tensor x = values(Floats(odd, odd + 4), {4});
  const Floats y = concatenate({x, x}, 0).to_vector<float>();
  EXPECT_EQ(std::memcmp(y.data(), odd, sizeof odd), 0);
  EXPECT_EQ(std::memcmp(y.data() + 4, odd, sizeof odd), 0);
}

TEST_P(Concatenate, TakesEmptyParts) {
  const Tensor none = empty({2, 0}, DType::float32, GetParam()),
               some = values<float>({1, 2}, {2, 1});
  EXPECT_EQ(concatenate({none, some, none}, 1).to_vector<float>(), (Floats{1, 2}));
  EXPECT_EQ(concatenate({none, none}, 0).shape(), (Shape{4, 0}));
  EXPECT_EQ(concatenate({none}, 1).shape(), (Shape{2, 0}));
  const std::int64_t many = std::int64_t{1} << 40;  // whose products overflow
  EXPECT_EQ(concatenate({empty({0, many, many}), empty({0, many, many})}, 0).shape(),
            (Shape{0, many, many}));
}

TEST_P(Concatenate, ThePartsGetTheirPartsOfTheGradient) {
  const auto leaf = [](Shape shape) { return full(shape, 2, DType::float32, GetParam()); };
  Tensor a = leaf({2, 1}), b = leaf({2, 2}), c = leaf({2, 1}), silent = leaf({2, 1});
  for (Tensor* x : {&a, &b, &c}) x->set_requires_grad();
  const Tensor weights = values<float>({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, {2, 6});
  // a comes twice; c has a gradient already when the second sum adds to it.
  const Tensor y = sum(concatenate({a, b, silent, c, a}, 1) * weights) + sum(c * 100.0);
  y.backward();
  EXPECT_EQ(a.grad().to_vector<float>(), (Floats{1 + 6, 7 + 12}));
  EXPECT_EQ(b.grad().to_vector<float>(), (Floats{2, 3, 8, 9}));
  EXPECT_EQ(c.grad().to_vector<float>(), (Floats{105, 111}));
  EXPECT_FALSE(silent.grad().defined());
}

INSTANTIATE_TEST_SUITE_P(Devices, Concatenate, ::testing::Values(Device::cpu, Device::gpu),
                         [](const auto& device) { return std::string(name_of(device.param)); });

TEST(Concatenation, HasTheGradientsOfFiniteDifferences) {
  test::Rng rng(4);
  for (const int axis : {0, 1, 2}) {
    std::vector<Tensor> parts;
    for (const std::int64_t extent : {2, 0, 3}) {
      std::vector<std::int64_t> shape{2, 2, 2};
      shape[static_cast<std::size_t>(axis)] = extent;
      parts.push_back(
          from_values(rng.normal<double>(extent * 4), Shape{std::span<const std::int64_t>(shape)}));
    }
    EXPECT_EQ(gradient_check([axis](const std::vector<Tensor>& x) { return concatenate(x, axis); },
                             parts),
              "");
  }
}

TEST(Concatenation, RefusesWhatItCannotTake) {
  using test::error_of;
  EXPECT_EQ(error_of<ShapeError>([] { concatenate({}, 0); }),
            "concatenate: expected one part or more, got none");
  EXPECT_EQ(error_of<ShapeError>([] { concatenate({zeros({})}, 0); }),
            "concatenate: expected parts of rank 1 or more, got []");
  EXPECT_EQ(error_of<ShapeError>([] {
              concatenate({zeros({2, 3})}, 2);
            }),
            "concatenate: expected an axis of -2 to 1 for [2, 3], got 2");
  EXPECT_THROW(concatenate({zeros({2, 3})}, -3), ShapeError);
  EXPECT_EQ(error_of<ShapeError>([] {
              concatenate({zeros({2, 3}), zeros({3, 3})}, 1);
            }),
            "concatenate: expected part 1 like [2, 3] but for axis 1, got [3, 3]");
  EXPECT_THROW(concatenate({zeros({2, 3}), zeros({3})}, 0), ShapeError);
  const Tensor many = zeros({std::int64_t{1} << 62, 0});
  EXPECT_EQ(error_of<ShapeError>([&] {
              concatenate({many, many}, 0);
            }),
            "concatenate: expected fewer than 2^63 along axis 0, got 4611686018427387904 and "
            "4611686018427387904");
  EXPECT_EQ(error_of<ShapeError>([] {
              concatenate({zeros({2}), zeros({2}, DType::int32)}, 0);
            }),
            "concatenate: expected equal dtypes, got float32 and int32");
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  EXPECT_EQ(
      error_of<ShapeError>([] {
        concatenate({zeros({2}), zeros({2}).to(Device::gpu)}, 0);
      }),
      "concatenate: expected all tensors on one device, got one on the cpu and one on the gpu");
}

}  // namespace
}  // namespace weft
