// Training runs of lessons against PyTorch.

#include <algorithm>
#include <cmath>

#include "tests/support/compare.h"
#include "tests/support/golden.h"
#include "tests/support/golden_checks.h"
#include "tests/support/shapes.h"
#include "weft/ops/loss.h"
#include "weft/optim.h"
#include "weft/training_step.h"

namespace weft::test {

namespace {

// A step's gradients are wrong by some tens of u relative to their terms, at most 20 steps add up and each
// starts where the last one ended, which at a learning rate of 0.1 amplifies little: a few hundred u, 1e-5 to
// 1e-4. It would amplify without bound where rounding turns a ReLU on or picks another maximum, so the files'
// trainings keep away from such places (MARGIN in make_golden.py). A forgotten step would be an error of about
// 5e-2.
constexpr double kRelative = 1e-4;

double largest(const std::vector<double>& values) {
  double most = 0;
  for (const double x : values) most = std::max(most, std::abs(x));
  return most;
}

/// Inputs as the network sees them: float32, or bytes divided by 255.
Tensor numbers(const Tensor& inputs) {
  if (inputs.dtype() != DType::uint8) return inputs;
  std::vector<float> values;
  for (const std::uint8_t byte : inputs.to_vector<std::uint8_t>())
    values.push_back(static_cast<float>(byte) / 255.0f);
  return from_values(values, inputs.shape());
}

std::vector<double> change_of(const Golden& golden, const std::string& name) {
  const std::vector<double> first = golden.values("initial." + name),
                            last = golden.values("final." + name);
  std::vector<double> change(last.size());
  std::transform(last.begin(), last.end(), first.begin(), change.begin(), std::minus<>());
  return change;
}

/// What the size of a gradient's terms leads to: the largest change of the tensor. The gradient of a bias in
/// front of a batch norm is 0 and its terms are not: they are those of the weight without a factor of about 1.
double scale_of(const Golden& golden, const std::string& name) {
  const double own = largest(change_of(golden, name));
  if (!name.ends_with(".bias")) return own;
  const std::string weight = name.substr(0, name.size() - 4) + "weight";
  return std::max(own, largest(change_of(golden, weight)));
}

/// What the steps changed is right relative to its scale; besides, each step rounds the value itself.
void expect_moved(const Tensor& actual, const Golden& golden, const std::string& name,
                  std::size_t steps, Device device) {
  const std::vector<double> last = golden.values("final." + name);
  const double rounding = unit_roundoff<float>() * static_cast<double>(steps);
  const std::string what = golden.name() + " final " + name;
  EXPECT_EQ(actual.device(), device) << what;
  const double worst =
      expect_close(actual.to_vector<float>(), last,
                   {.abs = kRelative * scale_of(golden, name) + rounding * largest(last)}, what);
  note_worst("golden " + golden.name() + " share of what is allowed", worst);
}

}  // namespace

void expect_training(nn::Module& network, const nn::NamedTensors& state, const Golden& golden,
                     const std::function<Tensor(const Tensor& outputs, const Tensor& labels)>& loss,
                     Device device) {
  SCOPED_TRACE(golden.name());
  const nn::NamedTensors initial = golden.with_prefix("initial.");
  ASSERT_EQ(initial.size(), state.size());
  for (auto [name, tensor] : state) tensor.copy_from(golden.tensor("initial." + name));
  network.to(device);
  Sgd sgd(network.parameters(), {.lr = golden.number("lr")});
  TrainingStep step{[&](const Batch& b) { return loss(network(b.x), b.y); }, sgd};

  const Tensor inputs = numbers(golden.tensor("inputs")).to(device);
  const Tensor labels = golden.tensor("labels", device);
  const auto batch = static_cast<std::int64_t>(golden.number("batch"));
  std::vector<double> losses;
  for (std::int64_t at = 0; at < inputs.size(0); at += batch)
    losses.push_back(
        step.run(Batch{inputs.rows(at, at + batch), labels.rows(at, at + batch)}).item());

  note_worst("golden " + golden.name() + " share of what is allowed",
             expect_close(losses, golden.values("losses"), {.rel = kRelative}, "losses"));
  for (const auto& [name, tensor] : state)
    expect_moved(tensor, golden, name, losses.size(), device);
}

namespace {

// Sigmoid and loss apart, as in the file, and as one: the same mathematics.
void lesson_07(const Golden& golden, Device device) {
  Generator generator(1);
  const nn::Linear hidden(2, 3, generator), output(3, 1, generator);
  nn::Sequential apart(hidden, nn::Sigmoid(), output, nn::Sigmoid());
  expect_training(apart, apart.named_parameters(), golden, binary_cross_entropy, device);
  nn::Sequential together = nn::fuse(
      nn::Sequential(nn::Linear(2, 3, generator), nn::Sigmoid(), nn::Linear(3, 1, generator)));
  expect_training(together, together.named_parameters(), golden, binary_cross_entropy_with_logits,
                  device);
}

/// The layers as they are, and fused.
void both_ways(const std::function<nn::Sequential()>& make, const Golden& golden, Device device) {
  for (const bool fused : {false, true}) {
    const nn::Sequential layers = make();
    nn::Sequential network = fused ? nn::fuse(layers) : layers;
    expect_training(network, network.named_state(), golden, cross_entropy, device);
  }
}

void lesson_12(const Golden& golden, Device device) {
  Generator generator(1);
  both_ways(
      [&] {
        return nn::Sequential(nn::Linear(2, 50, generator), nn::ReLU(),
                              nn::Linear(50, 3, generator));
      },
      golden, device);
}

void lesson_19(const Golden& golden, Device device) {
  Generator generator(1);
  both_ways(
      [&] {
        return nn::Sequential(nn::Linear(784, 100, generator), nn::BatchNorm(100), nn::Sigmoid(),
                              nn::Linear(100, 100, generator), nn::BatchNorm(100), nn::Sigmoid(),
                              nn::Linear(100, 10, generator));
      },
      golden, device);
}

void lesson_25(const Golden& golden, Device device) {
  Generator generator(1);
  const auto convolution = [&](std::int64_t in, std::int64_t out) {
    return nn::Conv2d(in, out, 5, generator, {.padding = 2});
  };
  both_ways(
      [&] {
        return nn::Sequential(convolution(1, 16), nn::BatchNorm(16), nn::ReLU(), nn::MaxPool2d(2),
                              convolution(16, 32), nn::BatchNorm(32), nn::ReLU(), nn::MaxPool2d(2),
                              nn::Flatten(), nn::Linear(128, 10, generator), nn::BatchNorm(10));
      },
      golden, device);
}

}  // namespace

GoldenChecks golden_lesson_checks() {
  return {{"lesson_07_xor", lesson_07},
          {"lesson_12_spirals", lesson_12},
          {"lesson_19_batch_norm", lesson_19},
          {"lesson_25_cnn_batches", lesson_25}};
}

}  // namespace weft::test
