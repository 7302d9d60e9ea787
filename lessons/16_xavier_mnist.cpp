// Lesson 16: the start of a deep network, its initialisation.
//
// In a deep network the size of the first weights decides whether anything comes through. With weights
// too small each layer's answers differ less from picture to picture than those of the layer before;
// with weights too large every tanh is saturated and says 1 to everything. Xavier's start is made to keep
// the spread in tanh networks (Glorot, Bengio 2010), He's in those of ReLU (He et al. 2015).

#include <algorithm>

#include "support/comparison.h"
#include "support/fully_connected.h"
#include "support/mnist.h"
#include "support/run.h"
#include "support/text.h"
#include "support/training.h"
#include "weft/autograd.h"
#include "weft/figures.h"
#include "weft/ops/concatenate.h"
#include "weft/ops/reduction.h"
#include "weft/optim.h"

namespace lessons {

using namespace weft;

namespace {

constexpr std::int64_t kWide = 100, kNarrow = 10;
constexpr std::int64_t kLookedAt = 1000;  // test pictures for the spread
constexpr double kAhead = 0.15;       // of the test pictures, that Xavier ends above the default
constexpr double kNearChance = 0.20;  // chance is 0.10
constexpr double kSmokeAhead = 0.05;

/// A way to begin: the weights are drawn again, the biases stay at the default.
struct Start {
  const char* name;        // in tables and figures
  const char* short_name;  // in metrics.csv
  Activation activation;
  void (*draw)(Tensor& weight, Generator& generator);
};
constexpr Start kStarts[] = {
    {"Xavier", "xavier", Activation::tanh, nn::init::xavier_uniform_},
    {"default", "default", Activation::tanh, [](Tensor&, Generator&) {}},
    {"uniform(0, 1)", "uniform", Activation::tanh,
     [](Tensor& weight, Generator& generator) { nn::init::uniform_(weight, 0, 1, generator); }},
    {"He, ReLU", "he_relu", Activation::relu, nn::init::kaiming_uniform_}};
enum : std::size_t { kXavier, kDefault, kUniform };

/// How far the answers of a layer's neurons move from picture to picture: the standard deviation of each
/// neuron over the pictures, and the mean of that over the layer. One number for each hidden layer.
std::vector<double> spread_by_layer(const FullyConnected& model, const Tensor& pictures) {
  const NoGrad off;
  std::vector<Tensor> layers = model.outputs(pictures);
  layers.pop_back();  // the scores
  for (Tensor& layer : layers) layer = mean(channel_deviations(layer)).reshape({1});
  const auto spreads = concatenate(layers, 0).to_vector<float>();
  return {spreads.begin(), spreads.end()};
}

Chart spread_chart(const std::string& title, const std::vector<std::vector<double>>& spreads) {
  Chart chart{.title = title, .x_label = "hidden layer", .y_label = "spread of the activations"};
  for (std::size_t i = 0; i < spreads.size(); ++i) {
    Curve curve{.name = kStarts[i].name, .y = spreads[i], .points = true};
    for (std::size_t layer = 1; layer <= spreads[i].size(); ++layer)
      curve.x.push_back(static_cast<double>(layer));
    chart.curves.push_back(curve);
  }
  return chart;
}

}  // namespace

void xavier_mnist(Run& run) {
  const Settings& settings = run.settings();

  // 1. The data of lesson 04.
  const Mnist mnist = load_mnist(run.options());
  const Dataset train_set = mnist.train.to(run.device());
  const Dataset test_set = mnist.test.to(run.device());
  const Batch pictures = test_set.gather(0, std::min(kLookedAt, test_set.size()));

  // 2. The model, with a start of choice.
  const std::vector<std::int64_t> sizes{train_set.features(), kWide, kNarrow, kWide, kNarrow, kWide,
                                        Mnist::kClasses};
  const auto network = [&](const Start& start) {
    Generator generator(settings.seed);
    FullyConnected model(sizes, start.activation, generator);
    for (nn::Linear& layer : model.layers) start.draw(layer.weight, generator);
    model.to(run.device());
    return model;
  };
  const FullyConnected first = network(kStarts[kXavier]);
  const std::string net = sizes_of(first) + " tanh, cross-entropy, SGD";

  run.story(
      "Lesson 16: the start decides whether a deep network learns",
      {"Six layers, wide and narrow in turn. What a picture says has to come through all of them "
       "forwards, and the gradient all of them backwards. How much comes through depends on how "
       "large the weights are at the start.",
       "The default draws the weights uniform in ±1/sqrt(inputs); each layer then passes on little "
       "more than half of the spread that it receives. Xavier's start draws them from "
       "±sqrt(6 / (inputs + outputs)): about twice as far where a layer is narrower than its "
       "inputs, a little less far where it is wider, and over all layers far more comes through. "
       "Uniform in 0..1 is much too large, and never negative. Beside them stands ReLU with the "
       "start made for it, He's ±sqrt(6 / inputs). The biases are the same in all four."});
  run.fact("data", describe(mnist));
  run.fact("model", describe(first) + ", tanh, or ReLU with He's start");

  // 3. The trainings, and the spread of the activations before and after each.
  std::vector<Compared> trainings;
  std::vector<std::vector<double>> before, after;
  for (const Start& start : kStarts) {
    FullyConnected model = network(start);
    Sgd sgd(model.parameters(), {.lr = settings.lr});
    run.progress_title(start.name);
    before.push_back(spread_by_layer(model, pictures.x));
    trainings.push_back({start.name, train(run, {.name = start.short_name,
                                                 .model = model,
                                                 .optimizer = sgd,
                                                 .train = train_set,
                                                 .test = test_set})});
    after.push_back(spread_by_layer(model, pictures.x));
    run.save_model(start.short_name, model, trainings.size() == 1);
  }

  // 4. What came of it.
  Table table{{"start", "test loss", "test accuracy"}};
  Table spreads{{"start", "", "layer 1", "layer 2", "layer 3", "layer 4", "layer 5"}};
  for (std::size_t i = 0; i < trainings.size(); ++i) {
    const auto& [name, log, dashed] = trainings[i];
    table.push_back({name, fixed(log.last_test().loss, 4), percent(log.last_test().accuracy(), 2)});
    const auto row = [&](const std::string& when, const std::vector<double>& layers) {
      spreads.push_back({name, when});
      for (const double spread : layers) spreads.back().push_back(fixed(spread, 4));
    };
    row("before", before[i]);
    row("after", after[i]);
  }
  run.table("Four starts of a deep network", table);
  run.table("Spread of the activations over the first " + grouped(pictures.x.size(0)) +
                " test pictures, before the training and after it",
            spreads);

  // 5. The figures.
  run.figure(save_charts(run.figure_file("training", "How the trainings went", net),
                         {step_losses(trainings), test_accuracies(trainings)}),
             "Left: the loss of every step. Right: the share of the test pictures that is answered "
             "right. The batches are the same for all four.");
  run.figure(save_charts(run.figure_file("spread", "What comes through the layers", net),
                         {spread_chart("Before the training", before),
                          spread_chart("After the training", after)}),
             "How far the answers of the neurons move from picture to picture, by layer: the mean "
             "over a layer of each neuron's standard deviation. Where it is 0 every picture looks "
             "the same.");

  // 6. The claims, and what to try next.
  const double xavier = last_accuracy(trainings[kXavier]);
  const double usual = last_accuracy(trainings[kDefault]);
  const double uniform = last_accuracy(trainings[kUniform]);
  const double ahead = run.options().smoke ? kSmokeAhead : kAhead;
  run.claim("Xavier's start ends at least " + fixed(100 * ahead, 0) + " points above the default",
            xavier >= usual + ahead, percent(xavier, 2) + " beside " + percent(usual, 2));
  run.claim("uniform(0, 1) stays near chance, under " + percent(kNearChance, 0),
            uniform < kNearChance, percent(uniform, 2));
  run.exercises({"lessons/run 16 --epochs 60: does the default start only come later, or never?",
                 "lessons/run 16 --lr 0.1: which starts does a longer step help?",
                 "lessons/run 16 --seed 2: how much of the result was luck?"});
}

}  // namespace lessons
