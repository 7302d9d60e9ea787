#include "weft/ops/gather.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "kernels/gather/gather.h"
#include "src/cpu/gather.h"
#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/error.h"

namespace weft {
namespace {

using test::Guarded;

/// A gather of rows begin .. begin + count - 1 from a set of n.
struct Case {
  std::int64_t n, features, begin, count;
  Shuffle order;
  float scale = 1, shift = 0;
  std::int64_t misalign = 0;  // of source and result, in elements
  std::int64_t words = 1;     // of a label

  std::string what() const {
    return "[" + std::to_string(n) + ", " + std::to_string(features) + "] rows " +
           std::to_string(begin) + " + " + std::to_string(count) + ", misaligned by " +
           std::to_string(misalign);
  }
};

Case random_case(test::Rng& rng) {
  Case c;
  c.n = rng.size(300, 1);
  c.features = rng.size(rng.chance(0.3) ? 900 : 70);
  if (rng.chance(0.5)) c.features = c.features / 4 * 4;
  c.begin = rng.integer(0, c.n);
  c.count = rng.integer(0, c.n - c.begin);
  if (rng.chance(0.7))
    c.order = Shuffle(static_cast<std::uint64_t>(c.n), Order::shuffled(rng.seed(), 1).key);
  if (rng.chance(0.3)) c.words = rng.size(70);
  c.scale = rng.normal(1)[0];
  c.shift = rng.chance(0.5) ? rng.normal(1)[0] : 0.0f;
  c.misalign = rng.integer(0, 4);
  return c;
}

template <class Source>
std::vector<Source> source_values(test::Rng& rng, const Case& c) {
  if constexpr (sizeof(Source) == 1) return rng.small_integers<Source>(c.n * c.features, 0, 255);
  return rng.normal<Source>(c.n * c.features);
}

std::vector<std::int32_t> numbered(std::int64_t n) {  // labels that tell their row
  std::vector<std::int32_t> labels(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int32_t>(i) + 1;
  return labels;
}

struct Rows {
  std::vector<float> x;
  std::vector<std::int32_t> labels;
};

/// By the twin of the device.
template <class Source>
Rows gathered(Device device, const Case& c, const std::vector<Source>& values) {
  Guarded<Source> source(values, device, c.misalign);
  Guarded<std::int32_t> labels(numbered(c.n * c.words), device),
      out_labels(c.count * c.words, device);
  Guarded<float> out(c.count * c.features, device, c.misalign);
  if (device == Device::gpu)
    kernels::gather_rows(source.data(), labels.data(), c.order, c.begin, c.scale, c.shift,
                         out.data(), out_labels.data(), c.count, c.features, c.words,
                         current_stream());
  else
    cpu::gather_rows(source.data(), labels.data(), c.order, c.begin, c.scale, c.shift, out.data(),
                     out_labels.data(), c.count, c.features, c.words);
  return {out.download(), out_labels.download()};
}

template <class Source>
void expect_the_definition(const Case& c, const std::vector<Source>& values) {
  const Rows rows = gathered(Device::cpu, c, values);
  std::vector<double> expected;
  std::vector<std::int32_t> expected_labels;
  for (std::int64_t r = 0; r < c.count; ++r) {
    const auto from = static_cast<std::int64_t>(c.order(static_cast<std::uint64_t>(c.begin + r)));
    for (std::int64_t w = 0; w < c.words; ++w)
      expected_labels.push_back(static_cast<std::int32_t>(from * c.words + w) + 1);
    for (std::int64_t f = 0; f < c.features; ++f)
      expected.push_back(
          static_cast<double>(values[static_cast<std::size_t>(from * c.features + f)]) * c.scale +
          c.shift);
  }
  // The product of a byte or a float with a float is exact in double, and the result rounded once.
  test::expect_close(rows.x, expected, {.rel = 0x1p-24}, c.what(), test::Content::any);
  test::expect_equal(rows.labels, expected_labels, c.what());
}

template <class Source>
void expect_the_twins_bits(const Case& c, const std::vector<Source>& values) {
  const Rows kernel = gathered(Device::gpu, c, values), twin = gathered(Device::cpu, c, values);
  test::expect_same_bits(kernel.x, twin.x, c.what());
  test::expect_equal(kernel.labels, twin.labels, c.what());
}

TEST(Gather, TwinFollowsTheDefinition) {
  test::for_each_seed("cpu gather_rows", [](test::Rng& rng) {
    const Case c = random_case(rng);
    expect_the_definition(c, source_values<std::uint8_t>(rng, c));
    expect_the_definition(c, source_values<float>(rng, c));
  });
}

TEST(Gather, TwinTakesManyRowsInParallel) {
  test::Rng rng(1);
  const Case c{
      .n = 700, .features = 200, .begin = 3, .count = 650, .order = Shuffle(700, {1, 2, 3})};
  expect_the_definition(c, source_values<std::uint8_t>(rng, c));
}

TEST(Gather, KernelGivesTheTwinsBitsOnEdgeSizes) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng rng(2);
  for (const std::int64_t features : test::edge_sizes(256))
    for (const std::int64_t rows : {0, 1, 2, 33, 129}) {
      Case c{.n = rows + 2,
             .features = features,
             .begin = 1,
             .count = rows,
             .order = {},
             .scale = 0.25f};
      expect_the_twins_bits(c, source_values<std::uint8_t>(rng, c));
      c.order = Shuffle(static_cast<std::uint64_t>(c.n), {3, 4, 5});
      c.shift = -0.3f;
      expect_the_twins_bits(c, source_values<float>(rng, c));
    }
}

TEST(Gather, KernelGivesTheTwinsBitsOnRandomShapes) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::for_each_seed("gather_rows_kernel<uint8>", [](test::Rng& rng) {
    const Case c = random_case(rng);
    expect_the_twins_bits(c, source_values<std::uint8_t>(rng, c));
  });
  test::for_each_seed("gather_rows_kernel<float>", [](test::Rng& rng) {
    const Case c = random_case(rng);
    expect_the_twins_bits(c, source_values<float>(rng, c));
  });
}

TEST(Gather, KernelTakesRowsLongerThanABlock) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng rng(3);
  for (const std::int64_t features : {5003, 12288}) {
    const Case c{
        .n = 3, .features = features, .begin = 0, .count = 3, .order = Shuffle(3, {1, 0, 0})};
    expect_the_twins_bits(c, source_values<std::uint8_t>(rng, c));
  }
}

TEST(Gather, SameBitsUnderEverySchedule) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  test::Rng rng(4);
  const Case c{.n = 90,
               .features = 97,
               .begin = 7,
               .count = 70,
               .order = Shuffle(90, {1, 0, 0}),
               .scale = 0.3f,
               .shift = 0.1f};
  const auto values = source_values<std::uint8_t>(rng, c);
  test::expect_same_bits(
      20, [&] { return gathered(Device::gpu, c, values).x; }, c.what());
}

TEST(Gather, NaNAndInfinityPassThrough) {
  const float nan = std::nanf(""), infinity = INFINITY;
  const Case c{.n = 1, .features = 3, .begin = 0, .count = 1, .order = {}, .scale = -2};
  test::expect_equal(gathered(Device::cpu, c, std::vector<float>{nan, infinity, 1}).x,
                     std::vector<float>{nan, -infinity, -2});
}

class GatherRows : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam() == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
};

TEST_P(GatherRows, AnEpochsBatchesHoldEveryRowOnce) {
  constexpr std::int64_t kRows = 103, kBatch = 25;
  std::vector<std::uint8_t> pictures(kRows * 4);
  for (std::size_t i = 0; i < pictures.size(); ++i) pictures[i] = static_cast<std::uint8_t>(i / 4);
  const Tensor source = from_values(pictures, {kRows, 2, 2}).to(GetParam());
  const Tensor labels = from_values(numbered(kRows), {kRows}).to(GetParam());
  for (const Order& order : {Order::in_order(), Order::shuffled(1, 0), Order::shuffled(1, 1)}) {
    std::vector<int> seen(kRows, 0);
    int in_place = 0;
    for (std::int64_t begin = 0; begin < kRows; begin += kBatch) {
      const std::int64_t count = std::min(kBatch, kRows - begin);
      Tensor x = empty({count, 4}, DType::float32, GetParam());
      Tensor y = empty({count}, DType::int32, GetParam());
      gather_rows_(x, y, source, labels, begin, order, {.scale = 0.5f, .shift = 1});
      EXPECT_EQ(x.device(), GetParam());
      const auto values = x.to_vector<float>();
      const auto classes = y.to_vector<std::int32_t>();
      for (std::size_t r = 0; r < classes.size(); ++r) {
        const int row = classes[r] - 1;
        ++seen.at(static_cast<std::size_t>(row));
        in_place += row == begin + static_cast<std::int64_t>(r);
        for (std::size_t f = 0; f < 4; ++f)
          EXPECT_EQ(values[4 * r + f], 0.5f * static_cast<float>(row) + 1);
      }
    }
    EXPECT_EQ(seen, std::vector<int>(kRows, 1));
    if (order.is_shuffled)
      EXPECT_LT(in_place, 10);  // one on average
    else
      EXPECT_EQ(in_place, kRows);
  }
}

TEST_P(GatherRows, EmptySetsAndBatchesAreLegal) {
  Tensor x = empty({0, 5}, DType::float32, GetParam()), y = empty({0}, DType::int32, GetParam());
  gather_rows_(x, y, empty({0, 5}, DType::uint8, GetParam()), empty({0}, DType::int32, GetParam()),
               0, Order::shuffled(1, 2));
  gather_rows_(x, y, empty({3, 5}, DType::float32, GetParam()),
               empty({3}, DType::int32, GetParam()), 3, Order::in_order());
}

INSTANTIATE_TEST_SUITE_P(Devices, GatherRows, ::testing::Values(Device::cpu, Device::gpu),
                         [](const auto& device) { return std::string(name_of(device.param)); });

TEST(Gather, RefusesWhatDoesNotFit) {
  using test::error_of;
  const Tensor source = empty({10, 3}, DType::uint8), labels = empty({10}, DType::int32);
  Tensor x = empty({4, 3}), y = empty({4}, DType::int32);
  const auto gather = [&](Tensor out, Tensor out_labels, const Tensor& from, const Tensor& of,
                          std::int64_t begin) {
    return error_of<ShapeError>(
        [&] { gather_rows_(out, out_labels, from, of, begin, Order::in_order()); });
  };
  EXPECT_EQ(gather(x, y, source, labels, 7),
            "gather_rows_: expected rows within 0..10, got 4 from 7");
  EXPECT_EQ(gather(x, y, source, labels, -1),
            "gather_rows_: expected rows within 0..10, got 4 from -1");
  EXPECT_EQ(gather(empty({4, 2}), y, source, labels, 0),
            "gather_rows_: expected out [4, 3], got [4, 2]");
  EXPECT_EQ(gather(empty({4}), y, source, labels, 0),
            "gather_rows_: expected out of rank 2, got [4]");
  EXPECT_EQ(gather(x, empty({3}, DType::int32), source, labels, 0),
            "gather_rows_: expected out_labels [4], got [3]");
  EXPECT_EQ(gather(x, y, source, empty({9}, DType::int32), 0),
            "gather_rows_: expected labels [10], got [9]");
  EXPECT_EQ(gather(x, y, empty({10, 3}, DType::int32), labels, 0),
            "gather_rows_: expected source of uint8 or float32, got int32");
  EXPECT_EQ(gather(x, y, empty({}, DType::uint8), labels, 0),
            "gather_rows_: expected source of rank 1 or more, got a scalar");
  EXPECT_EQ(gather(x, y, source, empty({10}), 0),
            "gather_rows_: expected out_labels of float32, got int32");
  EXPECT_EQ(gather(x, y, source, empty({10}, DType::uint8), 0),
            "gather_rows_: expected labels of int32, or targets of float32, got uint8");
  EXPECT_EQ(gather(x, y, source, empty({10, 1}, DType::int32), 0),
            "gather_rows_: expected labels [n], or targets [n, ...], got [10, 1]");
  EXPECT_EQ(gather(empty({4, 3}, DType::float64), y, source, labels, 0),
            "gather_rows_: expected out of float32, got float64");
  const std::int64_t huge = std::numeric_limits<std::int64_t>::max();
  EXPECT_NE(gather(empty({0, 1}), empty({0}, DType::int32), empty({0, huge, huge}),
                   empty({0}, DType::int32), 0),
            "")
      << "a row of 1 element modulo 2^64";
}

TEST(Gather, RefusesTensorsOnDifferentDevices) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Tensor x = empty({4, 3}), y = empty({4}, DType::int32);
  EXPECT_EQ(
      test::error_of<ShapeError>([&] {
        gather_rows_(x, y, empty({10, 3}, DType::uint8, Device::gpu), empty({10}, DType::int32), 0,
                     Order::in_order());
      }),
      "gather_rows_: expected all tensors on one device, got one on the cpu and one on the gpu");
}

}  // namespace
}  // namespace weft
