#include "weft/ops/confusion.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/reduction/confusion.h"
#include "src/cpu/confusion.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/error.h"
#include "weft/metrics.h"

namespace weft {
namespace {

using test::Guarded;
using test::Rng;
using Floats = std::vector<float>;
using Counts = std::vector<std::int32_t>;

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

template <class T>
Counts run(Device device, const std::vector<T>& scores, const Counts& labels, const Counts& start,
           std::int64_t classes, std::int64_t misalign = 0) {
  const Guarded<T> from(scores, device, misalign);
  const Guarded<std::int32_t> truth(labels, device, misalign / 2), counts(start, device);
  if (device == Device::cpu)
    cpu::add_confusion(from.data(), truth.data(), counts.data(), truth.size(), classes);
  else if constexpr (std::is_same_v<T, float>)
    kernels::add_confusion(from.data(), truth.data(), counts.data(), truth.size(), classes,
                           current_stream());
  return counts.download();
}

struct Case {
  std::int64_t classes;
  Floats scores;  // small integers, so that there are ties; some NaN and infinities
  Counts labels;  // some out of range
  Counts start, expected;

  Case(Rng& rng, std::int64_t rows, std::int64_t classes_of_case)
      : classes(classes_of_case), scores(rng.small_integers(rows * classes)) {
    for (float& value : scores)
      if (rng.chance(0.02)) value = rng.chance(0.3) ? kNaN : rng.chance(0.5) ? kInf : -kInf;
    start = rng.small_integers<std::int32_t>(classes * classes, 0, 5);
    expected = start;
    for (std::int64_t r = 0; r < rows; ++r) {
      const auto row = scores.begin() + r * classes;
      auto answer = std::find_if(row, row + classes, [](float value) { return std::isnan(value); });
      if (answer == row + classes) answer = std::max_element(row, row + classes);
      const std::int64_t label = rng.chance(0.1)   ? rng.integer(-2, classes + 1)
                                 : rng.chance(0.6) ? answer - row
                                                   : rng.integer(0, classes - 1);
      labels.push_back(static_cast<std::int32_t>(label));
      if (label >= 0 && label < classes)
        ++expected[static_cast<std::size_t>(label * classes + (answer - row))];
    }
  }

  void check(Device device, std::int64_t misalign) const {
    EXPECT_EQ(run(device, scores, labels, start, classes, misalign), expected)
        << labels.size() << " rows, " << classes << " classes";
  }
};

TEST(Confusion, TwinFollowsTheDefinition) {
  test::for_each_seed("cpu add_confusion", [](Rng& rng) {
    const Case c(rng, rng.size(100), rng.integer(1, 40));
    c.check(Device::cpu, 0);
    const std::vector<double> wide(c.scores.begin(), c.scores.end());
    EXPECT_EQ(run(Device::cpu, wide, c.labels, c.start, c.classes), c.expected);
  });
}

/// Enough rows for the twin to share them among threads, all of which count in the same places.
TEST(Confusion, TwinCountsInParallel) {
  Rng rng(1);
  Case(rng, 150000, 2).check(Device::cpu, 0);
}

TEST(Confusion, KernelsFollowTheDefinition) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Rng edges(2);
  for (const std::int64_t classes : {1, 2, 3, 10, 15, 16, 17, 31, 32, 33, 97})
    for (const std::int64_t rows : {0, 1, 31, 32, 33, 127, 128, 129, 4 * 128 + 1})
      Case(edges, rows, classes).check(Device::gpu, classes % 3);
  for (const std::int64_t classes : {127, 128, 129, 513, 2049})  // every shape of a row
    Case(edges, 5, classes).check(Device::gpu, classes % 2);
  test::for_each_seed("confusion_shared_kernel", [](Rng& rng) {
    Case(rng, rng.size(300), rng.integer(1, 32)).check(Device::gpu, rng.integer(0, 4));
  });
  test::for_each_seed("confusion_global_kernel", [](Rng& rng) {
    Case(rng, rng.size(30), rng.size(140, 33)).check(Device::gpu, rng.integer(0, 4));
  });
}

TEST(Confusion, SameUnderEverySchedule) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Rng rng(3);
  for (const std::int64_t classes : {10, 40}) {
    const Case c(rng, 300, classes);
    test::for_each_schedule(20, [&](const std::string& order) {
      SCOPED_TRACE(order);
      c.check(Device::gpu, 0);
    });
  }
}

class ConfusionOp : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam() == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
  static Tensor labels(const Counts& values) {
    return from_values(values, {static_cast<std::int64_t>(values.size())}).to(GetParam());
  }
  static Tensor scores(const Floats& values, std::int64_t classes) {
    return from_values(values, {static_cast<std::int64_t>(values.size()) / classes, classes})
        .to(GetParam());
  }
};

TEST_P(ConfusionOp, GivesHandComputedResults) {
  Tensor counts = zeros({3, 3}, DType::int32, GetParam());
  const Tensor x = scores({9, 1, 1, 0, 5, 5, 0, 0, 2, kNaN, 7, kNaN, 1, 1, 1}, 3);
  add_confusion_(counts, x, labels({0, 2, 2, 1, 3}));
  EXPECT_EQ(counts.to_vector<std::int32_t>(), (Counts{1, 0, 0, 1, 0, 0, 0, 1, 1}));
  add_confusion_(counts, x, labels({0, 2, 2, 1, -1}));  // added to what is there
  EXPECT_EQ(counts.to_vector<std::int32_t>(), (Counts{2, 0, 0, 2, 0, 0, 0, 2, 2}));
  add_confusion_(counts, empty({0, 3}, DType::float32, GetParam()), labels({}));
  EXPECT_EQ(counts.to_vector<std::int32_t>(), (Counts{2, 0, 0, 2, 0, 0, 0, 2, 2}));
}

TEST_P(ConfusionOp, IsPartOfTheMetrics) {
  Metrics metrics(GetParam());
  EXPECT_TRUE(metrics.read().confusion.empty());
  EXPECT_EQ(test::error_of<ShapeError>(
                [&] { metrics.add_confusion(scores({1}, 1).reshape({1}), labels({0})); }),
            "add_confusion_: expected scores of rank 2, got [1]");
  EXPECT_THROW(metrics.add_confusion(scores({1, 2}, 2), labels({0, 1})), ShapeError);
  EXPECT_TRUE(metrics.read().confusion.empty());
  const Tensor x = scores({1, 0, 0, 1, 0, 1}, 2);
  metrics.add_confusion(x, labels({0, 0, 1}));
  metrics.add_confusion(x, labels({1, 0, 1}));
  metrics.add_correct(x, labels({0, 0, 1}));
  EXPECT_EQ(metrics.read().confusion, (std::vector<std::int64_t>{1, 2, 1, 2}));
  EXPECT_EQ(metrics.read().correct, 2);
  EXPECT_EQ(metrics.read().rows, 3);  // confusion alone counts no rows
  EXPECT_EQ(test::error_of<ShapeError>([&] {
              metrics.add_confusion(scores({1, 2, 3}, 3), labels({0}));
            }),
            "add_confusion_: expected counts [3, 3], got [2, 2]");
  metrics.reset();
  EXPECT_TRUE(metrics.read().confusion.empty());
  metrics.add_confusion(scores({1, 2, 3}, 3), labels({0}));  // of other classes now
  EXPECT_EQ(metrics.read().confusion, (std::vector<std::int64_t>{0, 0, 1, 0, 0, 0, 0, 0, 0}));
}

INSTANTIATE_TEST_SUITE_P(Devices, ConfusionOp, ::testing::Values(Device::cpu, Device::gpu),
                         [](const auto& device) { return std::string(name_of(device.param)); });

TEST(Confusion, RefusesWhatItCannotTake) {
  using test::error_of;
  Tensor counts = zeros({2, 2}, DType::int32), floats = zeros({2, 2});
  const Tensor x = zeros({3, 2}), labels = zeros({3}, DType::int32);
  EXPECT_EQ(error_of<ShapeError>([&] {
              add_confusion_(counts, zeros({3, 3}), labels);
            }),
            "add_confusion_: expected counts [3, 3], got [2, 2]");
  EXPECT_EQ(error_of<ShapeError>([&] { add_confusion_(floats, x, labels); }),
            "add_confusion_: expected counts of int32, got float32");
  EXPECT_EQ(error_of<ShapeError>([&] { add_confusion_(counts, x, zeros({2}, DType::int32)); }),
            "add_confusion_: expected labels [3], got [2]");
  EXPECT_EQ(error_of<ShapeError>([&] { add_confusion_(counts, x, zeros({3})); }),
            "add_confusion_: expected labels of int32, got float32");
  EXPECT_EQ(error_of<ShapeError>([&] {
              add_confusion_(counts, zeros({3, 0}), labels);
            }),
            "add_confusion_: expected scores of one class or more, got [3, 0]");
  EXPECT_EQ(error_of<ShapeError>([&] {
              add_confusion_(counts, zeros({4, 2}), counts.reshape({4}));
            }),
            "add_confusion_: expected counts in memory of their own, got memory of the scores or "
            "labels");
  EXPECT_THROW(add_confusion_(counts, zeros({6}), labels), ShapeError);
  EXPECT_THROW(add_confusion_(counts, zeros({3, 2}, DType::int32), labels), ShapeError);
}

}  // namespace
}  // namespace weft
