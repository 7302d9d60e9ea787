#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "kernels/reduction/maxima.h"
#include "src/cpu/maxima.h"
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
using test::Rng;
using Floats = std::vector<float>;
using Choice = std::vector<std::int32_t>;

/// Random numbers with equals and now and then a NaN.
Floats mixed(Rng& rng, std::int64_t count) {
  Floats x = rng.small_integers(count, -9, 9);
  for (float& value : x)
    if (rng.chance(0.01)) value = std::nanf("");
  return x;
}

/// The first of the largest, or the first NaN, of `count` elements from `first` on, `step` apart.
std::int32_t exact_choice(const Floats& x, std::int64_t first, std::int64_t count,
                          std::int64_t step) {
  std::int32_t best = 0;
  const auto at = [&](std::int64_t i) { return x[static_cast<std::size_t>(first + i * step)]; };
  for (std::int64_t i = 0; i < count; ++i) {
    if (std::isnan(at(i))) return static_cast<std::int32_t>(i);
    if (at(i) > at(best)) best = static_cast<std::int32_t>(i);
  }
  return best;
}

Choice column_argmax(Device device, const Floats& x, std::int64_t rows, std::int64_t cols) {
  const Guarded<float> from(x, device);
  Guarded<std::int32_t> choice(cols, device);
  if (device == Device::gpu)
    kernels::column_argmax(from.data(), choice.data(), rows, cols, current_stream());
  else
    cpu::column_argmax(from.data(), choice.data(), rows, cols);
  return choice.download();
}

template <class Kernel, class Twin>
Floats take(Device device, Kernel kernel, Twin twin, const Floats& x, const Choice& choice,
            std::int64_t rows, std::int64_t cols) {
  const Guarded<float> from(x, device);
  const Guarded<std::int32_t> places(choice, device);
  Guarded<float> y(places.size(), device);
  if (device == Device::gpu)
    kernel(from.data(), places.data(), y.data(), rows, cols, current_stream());
  else
    twin(from.data(), places.data(), y.data(), rows, cols);
  return y.download();
}

template <class Kernel, class Twin>
Floats take_backward(Device device, Kernel kernel, Twin twin, const Floats& dy,
                     const Choice& choice, const Floats* start, std::int64_t rows,
                     std::int64_t cols) {
  const Guarded<float> gradient(dy, device);
  const Guarded<std::int32_t> places(choice, device);
  Guarded<float> dx(rows * cols, device);
  if (start != nullptr) dx.upload(*start);
  if (device == Device::gpu)
    kernel(gradient.data(), places.data(), dx.data(), start != nullptr, rows, cols,
           current_stream());
  else
    twin(gradient.data(), places.data(), dx.data(), start != nullptr, rows, cols);
  return dx.download();
}

void check(Device device, Rng& rng, std::int64_t rows, std::int64_t cols) {
  const Floats x = mixed(rng, rows * cols), start = rng.small_integers(rows * cols);
  Choice of_rows, of_columns;
  for (std::int64_t r = 0; r < rows; ++r) of_rows.push_back(exact_choice(x, r * cols, cols, 1));
  for (std::int64_t c = 0; c < cols; ++c) of_columns.push_back(exact_choice(x, c, rows, cols));
  const std::string what = "[" + std::to_string(rows) + ", " + std::to_string(cols) + "]";
  EXPECT_EQ(column_argmax(device, x, rows, cols), of_columns) << what;

  const auto place = [&](bool by_row, std::int64_t i) {
    const auto k = static_cast<std::size_t>(i);
    return static_cast<std::size_t>(by_row ? i * cols + of_rows[k] : of_columns[k] * cols + i);
  };
  for (const bool by_row : {true, false}) {
    const std::int64_t count = by_row ? rows : cols;
    const Floats dy = rng.small_integers(count, 1, 5);
    Floats taken, gradient(x.size(), 0.0f);
    for (std::int64_t i = 0; i < count; ++i) {
      taken.push_back(x[place(by_row, i)]);
      gradient[place(by_row, i)] = dy[static_cast<std::size_t>(i)];
    }
    Floats sum = start;
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += gradient[i];
    const auto run = [&](const Floats* before) {
      return by_row
                 ? take_backward(device, kernels::take_of_rows_backward,
                                 cpu::take_of_rows_backward<float>, dy, of_rows, before, rows, cols)
                 : take_backward(device, kernels::take_of_columns_backward,
                                 cpu::take_of_columns_backward<float>, dy, of_columns, before, rows,
                                 cols);
    };
    const Floats got = by_row ? take(device, kernels::take_of_rows, cpu::take_of_rows<float>, x,
                                     of_rows, rows, cols)
                              : take(device, kernels::take_of_columns, cpu::take_of_columns<float>,
                                     x, of_columns, rows, cols);
    ASSERT_EQ(got.size(), taken.size());
    for (std::size_t i = 0; i < got.size(); ++i)
      EXPECT_TRUE(got[i] == taken[i] || (std::isnan(got[i]) && std::isnan(taken[i]))) << what;
    test::expect_equal(run(nullptr), gradient, what, test::Content::any);
    test::expect_equal(run(&start), sum, what + ", added", test::Content::any);
  }
}

TEST(Maxima, TwinsFollowTheDefinitions) {
  test::for_each_seed("cpu maxima",
                      [](Rng& rng) { check(Device::cpu, rng, rng.size(40, 1), rng.size(40, 1)); });
}

TEST(Maxima, KernelsFollowTheDefinitions) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Rng edges(1);
  for (const std::int64_t rows : {1, 2, 31, 32, 33, 97, 129})
    for (const std::int64_t cols : {1, 7, 8, 9, 257}) check(Device::gpu, edges, rows, cols);
  EXPECT_TRUE(column_argmax(Device::gpu, {}, 3, 0).empty());
  test::for_each_seed("column_argmax_strip_kernel",
                      [](Rng& rng) { check(Device::gpu, rng, rng.size(150, 1), rng.size(50, 1)); });
  test::count_shapes("take_kernel", test::kSeededShapes);  // in the same loop
  test::count_shapes("take_backward_flat_kernel", test::kSeededShapes);
}

TEST(Maxima, SameUnderEverySchedule) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Rng rng(2);
  const Floats x = mixed(rng, 77 * 35);
  const Choice once = column_argmax(Device::gpu, x, 77, 35);
  test::for_each_schedule(20, [&](const std::string& order) {
    EXPECT_EQ(column_argmax(Device::gpu, x, 77, 35), once) << order;
  });
}

class MaximaOps : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam() == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
};

TEST_P(MaximaOps, GiveHandComputedResults) {
  const Tensor x = from_values(Floats{1, 7, 3, 4, 5, 7}, {2, 3}).to(GetParam());
  EXPECT_EQ(max(x).item(), 7);
  EXPECT_EQ(row_maxima(x).to_vector<float>(), (Floats{7, 7}));
  EXPECT_EQ(column_maxima(x).to_vector<float>(), (Floats{4, 7, 7}));
  EXPECT_EQ(max(x).device(), GetParam());
  const float inf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(max(full({5000}, -inf, DType::float32, GetParam())).item(), -inf);
}

TEST_P(MaximaOps, FindTheFirstOfEqualsAnywhereAndItsGradient) {
  const std::int64_t sizes[] = {1, 33, 4095, 4096, 4097, 8192, 3 * 4096 + 5};
  for (const std::int64_t size : sizes)
    for (const std::int64_t first : {std::int64_t{0}, size / 2, size - 1}) {
      Floats values(static_cast<std::size_t>(size), -1.0f), expected(values.size(), 0.0f);
      values[static_cast<std::size_t>(first)] = values.back() = 2.0f;
      expected[static_cast<std::size_t>(first)] = 3.0f;
      Tensor x = from_values(values, {size}).to(GetParam());
      x.set_requires_grad();
      const Tensor largest = max(x);
      EXPECT_EQ(largest.item(), 2.0);
      (largest + largest + largest).backward();
      test::expect_equal(x.grad().to_vector<float>(), expected, std::to_string(size),
                         test::Content::any);
    }
}

TEST_P(MaximaOps, NanWins) {
  for (const std::int64_t size : {3, 5000}) {
    Floats values(static_cast<std::size_t>(size), 1.0f);
    values[1] = std::nanf("");
    EXPECT_TRUE(std::isnan(max(from_values(values, {size}).to(GetParam())).item()));
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, MaximaOps, ::testing::Values(Device::cpu, Device::gpu),
                         [](const auto& device) { return std::string(name_of(device.param)); });

TEST(Maxima, HaveTheGradientsOfFiniteDifferences) {
  Rng rng(5);
  const Tensor x = from_values(rng.normal<double>(15), {5, 3});
  using Op = Tensor (*)(const Tensor&);
  for (const Op op : {Op{max}, Op{row_maxima}, Op{column_maxima}})
    EXPECT_EQ(gradient_check([&](const std::vector<Tensor>& in) { return op(in[0]); }, {x}), "");
}

TEST(Maxima, RefuseNothing) {
  using test::error_of;
  EXPECT_EQ(error_of<ShapeError>([] { max(zeros({0})); }),
            "max: expected x of 1 to 2147483647 elements, got [0]");
  EXPECT_THROW(row_maxima(zeros({2, 0})), ShapeError);
  EXPECT_THROW(column_maxima(zeros({0, 2})), ShapeError);
  EXPECT_THROW(column_maxima(zeros({2})), ShapeError);
  EXPECT_EQ(row_maxima(zeros({0, 2})).shape(), (Shape{0}));
  EXPECT_EQ(column_maxima(zeros({2, 0})).shape(), (Shape{0}));
}

}  // namespace
}  // namespace weft
