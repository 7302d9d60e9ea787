#include "weft/data.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/compare.h"
#include "tests/support/error.h"
#include "weft/error.h"
#include "weft/metrics.h"

namespace weft {
namespace {

using test::error_of;

// Sample i is the picture [i % 251, i / 251, 7] with label i % 10.
Dataset numbered(std::int64_t size, Scaling scaling = {}) {
  std::vector<std::uint8_t> pixels;
  std::vector<std::int32_t> labels;
  for (std::int64_t i = 0; i < size; ++i) {
    pixels.insert(pixels.end(),
                  {static_cast<std::uint8_t>(i % 251), static_cast<std::uint8_t>(i / 251), 7});
    labels.push_back(static_cast<std::int32_t>(i % 10));
  }
  return {from_values(pixels, {size, 3, 1}), from_values(labels, {size}), 10, scaling};
}

// The samples of a batch; the label and the third pixel must be theirs.
std::vector<std::int64_t> samples_of(const Batch& batch) {
  const std::vector<float> x = batch.x.to_vector<float>();
  const std::vector<std::int32_t> y = batch.y.to_vector<std::int32_t>();
  std::vector<std::int64_t> samples;
  for (std::size_t i = 0; i < y.size(); ++i) {
    samples.push_back(static_cast<std::int64_t>(x[3 * i]) +
                      251 * static_cast<std::int64_t>(x[3 * i + 1]));
    EXPECT_EQ(samples.back() % 10, y[i]);
    EXPECT_EQ(x[3 * i + 2], 7);
  }
  return samples;
}

std::vector<Device> devices() {
  return gpu_available() ? std::vector{Device::cpu, Device::gpu} : std::vector{Device::cpu};
}

TEST(Dataset, ChecksWhatItIsGiven) {
  const Tensor pictures = zeros({3, 2, 2}, DType::uint8);
  const auto labels = [](std::vector<std::int32_t> values) {
    const auto size = static_cast<std::int64_t>(values.size());
    return from_values(values, {size});
  };
  EXPECT_EQ(error_of<ShapeError>([&] {
              Dataset(pictures, labels({0, 9, 10}), 10);
            }),
            "dataset: expected labels 0 to 9, got 10 at index 2");
  EXPECT_EQ(error_of<ShapeError>([&] {
              Dataset(pictures, labels({0, -1, 10}), 10);
            }),
            "dataset: expected labels 0 to 9, got -1 at index 1");
  EXPECT_EQ(error_of<ShapeError>([&] {
              Dataset(pictures, labels({0, 1}), 10);
            }),
            "dataset: expected a label for each of 3 inputs, got 2");
  EXPECT_EQ(error_of<ShapeError>([&] {
              Dataset(zeros({0, 4}), labels({}), 10);
            }),
            "dataset: expected samples, got none");
  EXPECT_NE(error_of<ShapeError>([&] {
              Dataset(zeros({3}, DType::int32), labels({0, 0, 0}), 10);
            }),
            "");
  EXPECT_NE(error_of<ShapeError>([&] { Dataset(pictures, zeros({3}), 10); }), "");
  EXPECT_NE(error_of<ShapeError>([&] { Dataset(pictures, labels({0, 0, 0}), 0); }), "");
  EXPECT_NE(error_of<ShapeError>([&] {
              Dataset(pictures, labels({0, 0, 0}).reshape({3, 1}), 1);
            }),
            "");
  const Dataset data(pictures, labels({0, 1, 2}), 3);
  EXPECT_EQ(data.size(), 3);
  EXPECT_EQ(data.features(), 4);
  EXPECT_EQ(data.classes(), 3);
}

TEST(Batches, InOrderAreTheSamplesAsStored) {
  for (const Device device : devices())
    for (const std::int64_t size : {1, 2, 99, 100, 101, 300})
      for (const std::int64_t batch_size : {1, 7, 100, 1000}) {
        const Dataset data = numbered(size).to(device);
        Batches batches = data.batches(batch_size);
        EXPECT_EQ(batches.count(), (size + batch_size - 1) / batch_size);
        std::int64_t next = 0, count = 0;
        for (const Batch& batch : batches) {
          EXPECT_EQ(batch.x.shape(), (Shape{std::min(batch_size, size - next), 3}));
          EXPECT_EQ(batch.x.device(), device);
          EXPECT_EQ(batch.y.device(), device);
          for (const std::int64_t sample : samples_of(batch)) EXPECT_EQ(sample, next++);
          ++count;
        }
        EXPECT_EQ(next, size);
        EXPECT_EQ(count, batches.count());
      }
}

TEST(Batches, ShuffledAreEverySampleOnce) {
  for (const Device device : devices()) {
    const Dataset data = numbered(1003).to(device);
    const auto epoch = [&](std::uint64_t seed, std::uint32_t number) {
      std::vector<std::int64_t> all;
      for (const Batch& batch : data.batches(100, Order::shuffled(seed, number)))
        for (const std::int64_t sample : samples_of(batch)) all.push_back(sample);
      return all;
    };
    const std::vector<std::int64_t> first = epoch(1, 0);
    EXPECT_EQ(epoch(1, 0), first);
    EXPECT_NE(epoch(1, 1), first);
    EXPECT_NE(epoch(2, 0), first);
    std::vector<std::int64_t> sorted = first;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_NE(sorted, first);
    ASSERT_EQ(sorted.size(), 1003u);
    for (std::size_t i = 0; i < sorted.size(); ++i)
      EXPECT_EQ(sorted[i], static_cast<std::int64_t>(i));
  }
}

TEST(Batches, ReuseTheirBuffers) {
  const Dataset data = numbered(25);
  std::vector<const void*> places;
  for (const Batch& batch : data.batches(10)) places.push_back(batch.x.data());
  EXPECT_EQ(places, std::vector<const void*>(3, places[0]));
  EXPECT_EQ(error_of<ShapeError>([&] { data.batches(0); }),
            "batches: expected a batch size of at least 1, got 0");
}

TEST(Dataset, ScalesAsItGathers) {
  const Dataset data = numbered(20, {.scale = 0.5f, .shift = -1});
  const Batch batch = data.gather(4, 2);
  EXPECT_EQ(batch.x.to_vector<float>(), (std::vector<float>{1, -1, 2.5, 1.5, -1, 2.5}));
  EXPECT_EQ(batch.y.to_vector<std::int32_t>(), (std::vector<std::int32_t>{4, 5}));
  EXPECT_EQ(data.gather(20, 0).x.shape(), (Shape{0, 3}));
  EXPECT_EQ(error_of<ShapeError>([&] { data.gather(15, 6); }),
            "dataset: expected rows within 20, got 6 from 15");
  EXPECT_NE(error_of<ShapeError>([&] { data.gather(-1, 1); }), "");
  EXPECT_NE(error_of<ShapeError>([&] { data.gather(0, -1); }), "");
}

TEST(Dataset, KeepsFloatInputs) {
  const Dataset data(from_values(std::vector<float>{0.25f, -1, 3, 4}, {2, 2}),
                     from_values(std::vector<std::int32_t>{1, 0}, {2}), 2);
  for (const Batch& batch : data.batches(2))
    EXPECT_EQ(batch.x.to_vector<float>(), (std::vector<float>{0.25f, -1, 3, 4}));
}

TEST(Dataset, FirstIsAView) {
  const Dataset data = numbered(20);
  const Dataset part = data.first(5);
  EXPECT_EQ(part.size(), 5);
  EXPECT_EQ(part.inputs().data(), data.inputs().data());
  EXPECT_EQ(part.inputs().shape(), (Shape{5, 3, 1}));
  EXPECT_EQ(part.batches(2).count(), 3);
  EXPECT_NE(error_of<ShapeError>([&] { data.first(21); }), "");
  EXPECT_NE(error_of<ShapeError>([&] { data.first(0); }), "");
}

TEST(Metrics, WeighLossesByTheirRows) {
  for (const Device device : devices()) {
    Metrics metrics(device);
    for (int i = 0; i < 200; ++i)
      metrics.add_loss(full({}, i, DType::float32, device), i == 199 ? 50 : 100);
    const Summary summary = metrics.read();
    ASSERT_EQ(summary.losses.size(), 200u);
    for (int i = 0; i < 200; ++i) EXPECT_EQ(summary.losses[static_cast<std::size_t>(i)], i);
    EXPECT_EQ(summary.rows, 19950);
    EXPECT_DOUBLE_EQ(summary.loss, (100.0 * (198 * 199 / 2) + 50 * 199) / 19950);
    metrics.reset();
    EXPECT_EQ(metrics.read().losses.size(), 0u);
    EXPECT_EQ(metrics.read().rows, 0);
    EXPECT_EQ(metrics.read().accuracy(), 0);
    EXPECT_NE(
        error_of<ShapeError>([&] { metrics.add_loss(full({2}, 1, DType::float32, device), 1); }),
        "");
    EXPECT_NE(
        error_of<ShapeError>([&] { metrics.add_loss(full({}, 1, DType::float32, device), 0); }),
        "");
  }
}

TEST(Metrics, TakeAFloat64LossOnAnyDevice) {
  for (const Device device : devices()) {
    Metrics metrics(device);
    metrics.add_loss(full({}, 3, DType::float64), 2);
    EXPECT_EQ(metrics.read().loss, 3);
    EXPECT_EQ(error_of<ShapeError>([&] { metrics.add_loss(full({}, 3, DType::int32), 1); }),
              "metrics: expected a loss of float32 or float64, got int32");
  }
}

TEST(Metrics, CountCorrectRows) {
  for (const Device device : devices()) {
    Metrics metrics(device);
    const Tensor scores =
        from_values(std::vector<float>{1, 2, 3, 9, 2, 3, 1, 5, 3}, {3, 3}).to(device);
    metrics.add_correct(scores, from_values(std::vector<std::int32_t>{2, 0, 0}, {3}).to(device));
    metrics.add_correct(scores, from_values(std::vector<std::int32_t>{0, 0, 0}, {3}).to(device));
    EXPECT_EQ(metrics.read().correct, 3);
    EXPECT_EQ(metrics.read().rows, 6);
    EXPECT_EQ(metrics.read().accuracy(), 0.5);
    metrics.reset();
    EXPECT_EQ(metrics.read().correct, 0);
  }
}

}  // namespace
}  // namespace weft
