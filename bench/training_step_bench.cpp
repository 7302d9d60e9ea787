// Times lesson 04's training step: gather a shuffled batch of 100 uint8 rows, Linear(784, 10),
// cross-entropy, backward, SGD. Prints two medians over epochs, in microseconds a step: with the
// gather, and without it, on one batch that lies ready.

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string_view>
#include <vector>

#include "weft/data.h"
#include "weft/device.h"
#include "weft/nn.h"
#include "weft/ops/loss.h"
#include "weft/optim.h"
#include "weft/tensor.h"
#include "weft/training_step.h"

namespace {

constexpr std::int64_t kRows = 60'000, kFeatures = 784, kClasses = 10, kBatch = 100;
constexpr std::int64_t kSteps = kRows / kBatch;  // of an epoch
constexpr std::uint32_t kWarmUpEpochs = 2;

weft::Dataset random_pictures() {  // values do not matter to the time
  std::vector<std::uint8_t> pixels(kRows * kFeatures);
  std::uint32_t state = 1;
  for (std::uint8_t& pixel : pixels)
    pixel = static_cast<std::uint8_t>((state = state * 1664525u + 1013904223u) >> 24);
  std::vector<std::int32_t> labels(kRows);
  for (std::int32_t& label : labels)
    label = static_cast<std::int32_t>((state = state * 1664525u + 1013904223u) >> 16) % 10;
  return {weft::from_values(pixels, {kRows, kFeatures}),
          weft::from_values(labels, {kRows}),
          kClasses,
          {1.0f / 255.0f, 0.0f}};
}

// Median over `epochs` of the microseconds that one of an epoch's steps takes; the first epochs warm up.
template <class Epoch>
double median_microseconds(std::uint32_t epochs, Epoch run_epoch) {
  std::vector<double> microseconds;
  for (std::uint32_t epoch = 0; epoch < kWarmUpEpochs + epochs; ++epoch) {
    const auto begin = std::chrono::steady_clock::now();
    run_epoch(epoch);
    const std::chrono::duration<double, std::micro> time = std::chrono::steady_clock::now() - begin;
    if (epoch >= kWarmUpEpochs) microseconds.push_back(time.count() / kSteps);
  }
  std::ranges::nth_element(microseconds, microseconds.begin() + epochs / 2);
  return microseconds[epochs / 2];
}

void print_times(weft::Device device, std::uint32_t epochs) {
  const weft::Dataset train = random_pictures().to(device);
  weft::Generator generator(1);
  weft::nn::Linear model(kFeatures, kClasses, generator);
  model.to(device);
  weft::Sgd optimizer(model.parameters(), {.lr = 0.1});
  weft::TrainingStep step{
      [&](const weft::Batch& b) { return weft::cross_entropy(model(b.x), b.y); }, optimizer};

  const double gathered = median_microseconds(epochs, [&](std::uint32_t epoch) {
    step.run(train.batches(kBatch, weft::Order::shuffled(1, epoch)));
    (void)step.metrics();  // waits
  });
  const weft::Batch batch = train.gather(0, kBatch);
  const double ready = median_microseconds(epochs, [&](std::uint32_t) {
    weft::Tensor loss;
    for (std::int64_t i = 0; i < kSteps; ++i) {
      loss = weft::cross_entropy(model(batch.x), batch.y);
      loss.backward();
      optimizer.step();
    }
    (void)loss.item();  // waits
  });
  std::printf("%.2f %.2f\n", gathered, ready);
}

int refuse(std::string_view argument) {
  std::fprintf(
      stderr,
      "training_step_bench: expected [cpu|gpu] [EPOCHS], with 1 to 1000 epochs, got \"%.*s\"\n",
      static_cast<int>(argument.size()), argument.data());
  return 2;
}

}  // namespace

int main(int count, char** arguments) try {
  weft::Device device = weft::Device::cpu;
  std::uint32_t epochs = 5;
  if (count > 1) {
    const std::string_view name = arguments[1];
    if (name != "cpu" && name != "gpu") return refuse(name);
    if (name == "gpu") device = weft::Device::gpu;
  }
  if (count > 2) {
    const char* const end = arguments[2] + std::strlen(arguments[2]);
    const auto [stop, error] = std::from_chars(arguments[2], end, epochs);
    if (error != std::errc{} || stop != end || epochs < 1 || epochs > 1000)
      return refuse(arguments[2]);
  }
  if (count > 3) return refuse(arguments[3]);
  if (device == weft::Device::gpu && weft::gpu_properties().is_executor) {
    std::fputs(
        "training_step_bench: this build's gpu is the SIMT executor, whose speed says nothing\n",
        stderr);
    return 2;
  }
  print_times(device, epochs);
} catch (const std::exception& error) {
  std::fprintf(stderr, "training_step_bench: %s\n", error.what());
  return 2;
}
