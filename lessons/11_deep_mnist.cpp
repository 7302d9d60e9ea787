// Lesson 11: two hidden layers, and where the gradient goes.
//
// A second hidden layer of sigmoids makes the network of lesson 08 worse: it stays near chance. Backward,
// each layer multiplies the gradient by its small weights and by the slopes of its activations, 1/4 at
// most for sigmoids, so that a fraction of it is left at the first layer. The norms of the gradients show it.

#include <algorithm>
#include <cmath>

#include "support/comparison.h"
#include "support/fully_connected.h"
#include "support/mnist.h"
#include "support/run.h"
#include "support/text.h"
#include "support/training.h"
#include "weft/figures.h"
#include "weft/ops/concatenate.h"
#include "weft/ops/loss.h"
#include "weft/ops/reduction.h"
#include "weft/optim.h"

namespace lessons {

using namespace weft;

namespace {

constexpr std::int64_t kHidden = 50;
constexpr double kNearChance = 0.20;  // of the test pictures; chance is 0.10
constexpr double kAhead = 0.35;       // that tanh ends above sigmoid
constexpr double kSmokeAhead = 0.20;

/// The L2 norms of the gradients of each layer's weight over one batch. A backward pass of its own: no
/// step follows, and the gradients are cleared again.
std::vector<float> gradient_norms(FullyConnected& model, Optimizer& optimizer, const Batch& batch) {
  cross_entropy(model(batch.x), batch.y).backward();
  std::vector<Tensor> norms;
  for (const nn::Linear& layer : model.layers)
    norms.push_back(l2_norm(layer.weight.grad()).reshape({1}));
  optimizer.zero_grad();
  return concatenate(norms, 0).to_vector<float>();  // one read for all layers
}

/// The norms of one training: a curve for each layer, over the epochs.
struct Norms {
  std::vector<Curve> layers;

  void add(int epoch, const std::vector<float>& norms) {
    layers.resize(norms.size());
    for (std::size_t i = 0; i < norms.size(); ++i) {
      layers[i].name = "layer " + std::to_string(i + 1);
      layers[i].points = true;
      layers[i].x.push_back(epoch);
      layers[i].y.push_back(static_cast<double>(norms[i]));
    }
  }
};

/// The powers of ten around all norms: one range for all charts, so that they can be compared.
void share_range(std::vector<Chart>& charts) {
  double least = INFINITY, most = 0;
  for (const Chart& chart : charts)
    for (const Curve& curve : chart.curves)
      for (const double y : curve.y) {
        if (!(y > 0) || !std::isfinite(y)) continue;
        least = std::min(least, y);
        most = std::max(most, y);
      }
  for (Chart& chart : charts) {
    chart.y_low = std::pow(10, std::floor(std::log10(least)));
    chart.y_high = std::pow(10, std::ceil(std::log10(most)));
  }
}

}  // namespace

void deep_mnist(Run& run) {
  const Settings& settings = run.settings();

  // 1. The data of lesson 04.
  const Mnist mnist = load_mnist(run.options());
  const Dataset train_set = mnist.train.to(run.device());
  const Dataset test_set = mnist.test.to(run.device());

  // 2. The model, once for each activation function, always from the same weights.
  const std::vector<std::int64_t> sizes{train_set.features(), kHidden, kHidden, Mnist::kClasses};
  const auto network = [&](Activation activation) {
    Generator generator(settings.seed);
    return FullyConnected(sizes, activation, generator);
  };
  const FullyConnected first = network(Activation::sigmoid);
  const std::string net = sizes_of(first) + ", cross-entropy, SGD";

  run.story(
      "Lesson 11: two hidden layers, and where the gradient goes",
      {"A deeper network can hold more, but it has to be reached by its gradient first. That walks "
       "back from the loss, layer by layer, and each layer multiplies it by its weights and by the "
       "slopes of its activations. A sigmoid's slope is 1/4 at most.",
       "After each epoch the gradient of every layer's weights is measured over one batch that "
       "stays the same: its norm says how much the layer is told to change."});
  run.fact("data", describe(mnist));
  run.fact("model", describe(first) + ", both hidden layers with sigmoid, tanh or ReLU");

  // 3. The trainings. `after` looks at the gradients between two epochs.
  const std::int64_t rows = std::min(settings.batch, train_set.size());
  const Batch fixed_batch = train_set.gather(0, rows);
  std::vector<Compared> trainings;
  std::vector<Norms> norms;
  for (const auto& [name, activation] : kFunctions) {
    FullyConnected model = network(activation);
    model.to(run.device());
    Sgd sgd(model.parameters(), {.lr = settings.lr});
    Norms found;
    run.progress_title(name);
    trainings.push_back({name, train(run, {.name = name,
                                           .model = model,
                                           .optimizer = sgd,
                                           .train = train_set,
                                           .test = test_set,
                                           .after = [&](int epoch) {
                                             found.add(epoch,
                                                       gradient_norms(model, sgd, fixed_batch));
                                           }})});
    norms.push_back(found);
    run.save_model(name, model, activation == Activation::tanh);
  }

  // 4. What came of it.
  Table table{{"hidden layers", "test loss", "test accuracy"}};
  Table gradients{{"hidden layers", "", "layer 1", "layer 2", "layer 3"}};
  for (std::size_t i = 0; i < trainings.size(); ++i) {
    const auto& [name, log, dashed] = trainings[i];
    table.push_back({name, fixed(log.last_test().loss, 4), percent(log.last_test().accuracy(), 2)});
    const auto row = [&](const std::string& when, const auto& norm) {
      gradients.push_back({name, when, fixed(norm(0), 4), fixed(norm(1), 4), fixed(norm(2), 4)});
    };
    row("before", [&](std::size_t layer) { return norms[i].layers[layer].y.front(); });
    row("after", [&](std::size_t layer) { return norms[i].layers[layer].y.back(); });
  }
  run.table("Two hidden layers with three functions", table);
  run.table("Norms of the gradients before the training and after it", gradients);

  // 5. The figures.
  std::vector<Chart> charts;
  for (std::size_t i = 0; i < trainings.size(); ++i)
    charts.push_back({.title = trainings[i].name,
                      .x_label = "epoch",
                      .y_label = "norm of the gradient",
                      .curves = norms[i].layers,
                      .log_y = true});
  share_range(charts);
  run.figure(
      save_charts(run.figure_file("gradient_norms", "The gradient of each layer", net), charts),
      "The norm of the gradient of each layer's weights over one batch of " + grouped(rows) +
          " training pictures, after each epoch, on a logarithmic scale. The first layer has by "
          "far the most weights, yet with sigmoids its gradient is the smallest at the start.");
  run.figure(save_charts(run.figure_file("training", "How the three trainings went", net),
                         {step_losses(trainings), test_accuracies(trainings)}),
             "Left: the loss of every step. Right: the share of the test pictures that is answered "
             "right. All three start from the same weights and see the same batches.");

  // 6. The claims, and what to try next.
  const double sigmoids = last_accuracy(trainings[0]), tanhs = last_accuracy(trainings[1]);
  const double ahead = run.options().smoke ? kSmokeAhead : kAhead;
  if (!run.options().smoke)
    run.claim("sigmoid stays near chance, under " + percent(kNearChance, 0), sigmoids < kNearChance,
              percent(sigmoids, 2));
  run.claim("tanh ends at least " + fixed(100 * ahead, 0) + " points above it",
            tanhs >= sigmoids + ahead, accuracies_found(trainings));
  run.exercises({"lessons/run 11 --epochs 100: does sigmoid leave the level of chance, and when?",
                 "lessons/run 11 --lr 1: a step a hundred times as long, for a small gradient.",
                 "lessons/run 11 --batch 100: twenty times as many steps an epoch."});
}

}  // namespace lessons
