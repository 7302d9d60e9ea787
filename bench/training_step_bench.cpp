// Times a lesson's training step at batch 100: gather a shuffled batch of uint8 pictures, forward,
// cross-entropy, backward, SGD. The model is lesson 04's, Linear(784, 10), or lesson 24's CNN on 16x16
// pictures. Prints two medians over epochs, in microseconds a step: with the gather, and without it, on
// one batch that lies ready.

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iterator>
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

constexpr std::int64_t kClasses = 10, kBatch = 100;
constexpr std::uint32_t kWarmUpEpochs = 2;

struct Model {
  std::string_view name;
  std::int64_t rows, features;  // of the data
  weft::nn::Sequential (*make)(weft::Generator&);
  std::int64_t steps() const { return rows / kBatch; }  // of an epoch
};

weft::nn::Sequential make_softmax(weft::Generator& generator) {
  namespace nn = weft::nn;
  const nn::Linear layer(784, kClasses, generator);
  return nn::Sequential(layer);
}

weft::nn::Sequential make_cnn(weft::Generator& generator) {
  namespace nn = weft::nn;
  const nn::Conv2d first(1, 16, 5, generator, {.padding = 2});
  const nn::Conv2d second(16, 32, 5, generator, {.padding = 2});
  return nn::fuse(nn::Sequential(nn::Unflatten({16, 16, 1}), first, nn::ReLU(), nn::MaxPool2d(2),
                                 second, nn::ReLU(), nn::MaxPool2d(2), nn::Flatten(),
                                 nn::Linear(512, kClasses, generator)));
}

constexpr Model kModels[] = {{"softmax", 60'000, 784, make_softmax}, {"cnn", 6'000, 256, make_cnn}};

weft::Dataset random_pictures(const Model& model) {  // values do not matter to the time
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(model.rows * model.features));
  std::uint32_t state = 1;
  for (std::uint8_t& pixel : pixels)
    pixel = static_cast<std::uint8_t>((state = state * 1664525u + 1013904223u) >> 24);
  std::vector<std::int32_t> labels(static_cast<std::size_t>(model.rows));
  for (std::int32_t& label : labels)
    label = static_cast<std::int32_t>((state = state * 1664525u + 1013904223u) >> 16) % 10;
  return {weft::from_values(pixels, {model.rows, model.features}),
          weft::from_values(labels, {model.rows}),
          kClasses,
          {1.0f / 255.0f, 0.0f}};
}

// Median over `epochs` of the microseconds that one of an epoch's steps takes; the first epochs warm up.
template <class Epoch>
double median_microseconds(std::uint32_t epochs, std::int64_t steps, Epoch run_epoch) {
  std::vector<double> microseconds;
  for (std::uint32_t epoch = 0; epoch < kWarmUpEpochs + epochs; ++epoch) {
    const auto begin = std::chrono::steady_clock::now();
    run_epoch(epoch);
    const std::chrono::duration<double, std::micro> time = std::chrono::steady_clock::now() - begin;
    if (epoch >= kWarmUpEpochs) microseconds.push_back(time.count() / static_cast<double>(steps));
  }
  std::ranges::nth_element(microseconds, microseconds.begin() + epochs / 2);
  return microseconds[epochs / 2];
}

void print_times(const Model& shape, weft::Device device, std::uint32_t epochs) {
  const weft::Dataset train = random_pictures(shape).to(device);
  weft::Generator generator(1);
  weft::nn::Sequential model = shape.make(generator);
  model.to(device);
  weft::Sgd optimizer(model.parameters(), {.lr = 0.1});
  weft::TrainingStep step{
      [&](const weft::Batch& b) { return weft::cross_entropy(model(b.x), b.y); }, optimizer};

  const double gathered = median_microseconds(epochs, shape.steps(), [&](std::uint32_t epoch) {
    step.run(train.batches(kBatch, weft::Order::shuffled(1, epoch)));
    (void)step.metrics();  // waits
  });
  const weft::Batch batch = train.gather(0, kBatch);
  const double ready = median_microseconds(epochs, shape.steps(), [&](std::uint32_t) {
    weft::Tensor loss;
    for (std::int64_t i = 0; i < shape.steps(); ++i) {
      loss = weft::cross_entropy(model(batch.x), batch.y);
      loss.backward();
      optimizer.step();
    }
    (void)loss.item();  // waits
  });
  std::printf("%.2f %.2f\n", gathered, ready);
}

int refuse(std::string_view argument) {
  std::fprintf(stderr,
               "training_step_bench: expected [cpu|gpu] [EPOCHS] [softmax|cnn], with 1 to 1000 "
               "epochs, got \"%.*s\"\n",
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
  const Model* model = &kModels[0];
  if (count > 3) {
    model = std::ranges::find(kModels, arguments[3], &Model::name);
    if (model == std::end(kModels)) return refuse(arguments[3]);
  }
  if (count > 4) return refuse(arguments[4]);
  if (device == weft::Device::gpu && weft::gpu_properties().is_executor) {
    std::fputs(
        "training_step_bench: this build's gpu is the SIMT executor, whose speed says nothing\n",
        stderr);
    return 2;
  }
  print_times(*model, device, epochs);
} catch (const std::exception& error) {
  std::fprintf(stderr, "training_step_bench: %s\n", error.what());
  return 2;
}
