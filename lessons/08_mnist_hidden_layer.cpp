// Lesson 08: a hidden layer on MNIST, and why it is not enough to have one.
//
// A network with 100 hidden neurons can do all that softmax regression can and much more. Trained with
// small steps and large batches it nevertheless stays far below it: it is not too small, it has hardly
// been trained. Ten times the step changes that.

#include <algorithm>

#include "support/comparison.h"
#include "support/mnist.h"
#include "support/networks.h"
#include "support/predictions.h"
#include "support/run.h"
#include "support/text.h"
#include "support/training.h"
#include "weft/figures.h"
#include "weft/nn.h"
#include "weft/optim.h"

namespace lessons {

using namespace weft;

namespace {

constexpr std::int64_t kHidden = 100;
constexpr double kLargerRate = 0.1;
constexpr double kLearns = 0.55, kRescued = 0.85, kFarBelow = 0.10;  // of the test pictures
constexpr const char* kNet = "784-100-10 sigmoid, cross-entropy, SGD";

/// Lesson 04's network and settings.
constexpr Settings kRegression{.epochs = 10, .lr = 0.1, .batch = 100};

struct Data {
  const Dataset &train, &test;
};

TrainingLog train(Run& run, const std::string& name, nn::Module& model, const Data& data,
                  const Settings& settings) {
  Sgd sgd(model.parameters(), {.lr = settings.lr});
  // The test pictures judge, and are never trained on.
  return lessons::train(run, {.name = name,
                              .model = model,
                              .optimizer = sgd,
                              .train = data.train,
                              .test = data.test,
                              .epochs = settings.epochs,
                              .batch = settings.batch});
}

}  // namespace

// The model: every pixel to every hidden neuron, and every hidden neuron to every digit. weft-lessons
// predict builds it again.
nn::Sequential mnist_hidden_layer_network(PictureSize picture, std::int64_t classes,
                                          Generator& generator) {
  return nn::Sequential{nn::Linear(picture.pixels(), kHidden, generator), nn::Sigmoid(),
                        nn::Linear(kHidden, classes, generator)};
}

void mnist_hidden_layer(Run& run) {
  const Settings& settings = run.settings();

  // 1. The data of lesson 04.
  const Mnist mnist = load_mnist(run.options());
  const Dataset train_set = mnist.train.to(run.device());
  const Dataset test_set = mnist.test.to(run.device());
  const Data data{train_set, test_set};

  // 2. The model: 784 pixels, 100 hidden neurons with a sigmoid each, 10 digits. The same start for
  //    both trainings of it.
  const PictureSize picture{mnist.rows, mnist.columns};
  const auto made = [&](auto network) {
    Generator generator(settings.seed);
    nn::Sequential model = network(picture, Mnist::kClasses, generator);
    model.to(run.device());
    return model;
  };
  nn::Sequential slow = made(mnist_hidden_layer_network);
  nn::Sequential fast = made(mnist_hidden_layer_network);

  run.story(
      "Lesson 08: a hidden layer that has hardly been trained",
      {"Between the pixels and the digits of lesson 04 stand 100 hidden neurons now. Each sees the "
       "whole picture through its own weights, and the digits see only them.",
       "More neurons are no better answer by themselves. With batches of 2,000 pictures an epoch "
       "has 30 steps in place of 600, and with a learning rate of 0.01 each step is short. The "
       "network learns, but ends far below the smaller one: undertrained on purpose, to see what "
       "that looks like. Then the same training with ten times the step."});
  run.fact("data", describe(mnist));
  run.fact("model", std::to_string(train_set.features()) + "-100-10 sigmoid, " +
                        grouped(slow.parameter_count()) + " parameters");

  // 3. Three trainings: the network, the network with a larger step, and lesson 04 for comparison.
  Settings larger = settings;
  larger.lr = kLargerRate;
  Settings regression_settings = kRegression;
  regression_settings.seed = settings.seed;
  regression_settings.epochs = std::min(kRegression.epochs, settings.epochs);
  nn::Sequential regression = made(softmax_mnist_network);
  const auto about = about_pictures(picture, Mnist::kClasses);

  run.progress_title("hidden layer, lr " + shortest(settings.lr));
  const TrainingLog slow_log = train(run, "hidden_layer", slow, data, settings);
  run.save_model("hidden_layer", slow, true, about);
  run.progress_title("hidden layer, lr " + shortest(larger.lr));
  const TrainingLog fast_log = train(run, "hidden_layer_larger_lr", fast, data, larger);
  run.save_model("hidden_layer_larger_lr", fast, false, about);
  run.progress_title("softmax regression, as lesson 04");
  const TrainingLog regression_log =
      train(run, "softmax_regression", regression, data, regression_settings);
  run.save_model("softmax_regression", regression, false, about);

  // 4. What came of it.
  Table table{{"", "learning rate", "batch", "steps", "test loss", "test accuracy"}};
  const auto row = [&](const std::string& name, const Settings& s, const TrainingLog& log) {
    table.push_back({name, shortest(s.lr), grouped(s.batch),
                     grouped(static_cast<std::int64_t>(log.steps().size())),
                     fixed(log.last_test().loss, 4), percent(log.last_test().accuracy(), 2)});
  };
  row("hidden layer", settings, slow_log);
  row("hidden layer, larger step", larger, fast_log);
  row("softmax regression (04)", regression_settings, regression_log);
  run.table("One hidden layer, two learning rates", table);

  // 5. The figures.
  const std::vector<Compared> hidden{{"hidden layer, lr " + shortest(settings.lr), slow_log},
                                     {"hidden layer, lr " + shortest(larger.lr), fast_log}};
  std::vector<Compared> all = hidden;
  all.push_back({"softmax regression as in 04", regression_log});
  Chart losses = step_losses(hidden), accuracies = test_accuracies(all);
  losses.key_left = losses.key_below = accuracies.key_below = true;
  // Over epochs: the numbers of steps differ by a factor of twenty.
  Chart test_losses{
      .title = "", .x_label = "epoch", .y_label = "cross-entropy of the test pictures"};
  for (const Compared& training : all)
    test_losses.curves.push_back({.name = training.name,
                                  .x = training.log.epochs(),
                                  .y = training.log.test_losses(),
                                  .points = true});
  run.figure(
      save_charts(run.figure_file("training", "How the trainings went", kNet),
                  {losses, accuracies}),
      "Left: the loss of every step of the two trainings of the hidden layer. Right: the share of "
      "the test pictures that is answered right, with lesson 04's network for comparison.");
  run.figure(
      save_charts(run.figure_file("test_loss", "The test loss of all three", kNet), {test_losses}),
      "The loss of the test pictures after each epoch.");
  const Predictions answers = predict(slow, test_set);
  constexpr int kPerRow = 7;
  run.figure(
      save_pictures(
          run.figure_file("wrong", "The first test pictures it gets wrong", kNet),
          {{"", first_pictures(answers, test_set, false, 2 * kPerRow, mnist.rows, mnist.columns),
            kPerRow}},
          Palette::grey),
      "The first test pictures that the undertrained network answers wrong, with the probability "
      "of its answer: it is sure of nothing.");

  // 6. The claims, and what to try next.
  const double slow_share = slow_log.last_test().accuracy();
  const double fast_share = fast_log.last_test().accuracy();
  const double regression_share = regression_log.last_test().accuracy();
  const std::string found = percent(slow_share, 2) + ", " + percent(fast_share, 2) + " and " +
                            percent(regression_share, 2);
  if (run.options().smoke) {  // after a few epochs on a tenth of the data only their order
    run.claim("the larger step and softmax regression are both ahead of the small step",
              slow_share < fast_share && slow_share < regression_share, found);
  } else {
    run.claim("the hidden layer learns: at least " + percent(kLearns, 0), slow_share >= kLearns,
              percent(slow_share, 2));
    run.claim(
        "yet it stays at least " + fixed(100 * kFarBelow, 0) + " points below softmax regression",
        slow_share + kFarBelow <= regression_share,
        percent(slow_share, 2) + " beside " + percent(regression_share, 2));
    run.claim("learning rate " + shortest(larger.lr) + " passes " + percent(kRescued, 0),
              fast_share > kRescued, percent(fast_share, 2));
  }
  run.exercises(
      {"lessons/run 08 --epochs 300: does patience make up for small steps?",
       "lessons/run 08 --batch 100: twenty times as many steps an epoch. Which of the two settings "
       "was it?",
       "lessons/run 08 --lr 1: how far does the larger step carry?"});
}

}  // namespace lessons
