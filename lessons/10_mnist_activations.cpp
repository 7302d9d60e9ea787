// Lesson 10: sigmoid, tanh and ReLU on MNIST.
//
// Lesson 08's network hardly learned in its thirty epochs. Here it is again, with the same start, steps
// and batches, and only the activation function of the hidden neurons exchanged. A sigmoid's slope is
// 1/4 at most and its values are all positive; tanh and ReLU have a slope of 1 where it matters.

#include <algorithm>

#include "support/comparison.h"
#include "support/fully_connected.h"
#include "support/mnist.h"
#include "support/run.h"
#include "support/text.h"
#include "support/training.h"
#include "weft/figures.h"
#include "weft/optim.h"

namespace lessons {

using namespace weft;

namespace {

constexpr std::int64_t kHidden = 100;
constexpr double kAhead = 0.15;  // of the test pictures, that tanh and ReLU end above sigmoid
constexpr double kSmokeAhead = 0.05;

/// The first epoch after which a training answers as many test pictures right; a dash where none does.
std::string first_epoch_with(double share, const TrainingLog& log) {
  const auto& shares = log.test_accuracies();
  const auto at =
      std::find_if(shares.begin(), shares.end(), [&](double found) { return found >= share; });
  return at == shares.end() ? "-" : std::to_string(at - shares.begin());
}

}  // namespace

void mnist_activations(Run& run) {
  const Settings& settings = run.settings();

  // 1. The data of lesson 04.
  const Mnist mnist = load_mnist(run.options());
  const Dataset train_set = mnist.train.to(run.device());
  const Dataset test_set = mnist.test.to(run.device());

  // 2. The model, once for each activation function. The generator begins anew each time, so the three
  //    start from the same weights.
  const std::vector<std::int64_t> sizes{train_set.features(), kHidden, Mnist::kClasses};
  const auto network = [&](Activation activation) {
    Generator generator(settings.seed);
    return FullyConnected(sizes, activation, generator);
  };
  const FullyConnected first = network(Activation::sigmoid);
  const std::string net = sizes_of(first) + ", cross-entropy, SGD";

  run.story(
      "Lesson 10: the same network with three activation functions",
      {"Lesson 08 trained 100 hidden sigmoids with small steps and large batches, and they stayed "
       "far below what they can do. Nothing but the activation function of the hidden neurons is "
       "exchanged here: start, steps and batches are the same for all three.",
       "On its way to the first layer the gradient is multiplied by the slope of that function. A "
       "sigmoid's is 1/4 at most, tanh's is 1 in the middle, and ReLU's is 1 wherever the neuron "
       "is on. The larger the slope, the longer the step."});
  run.fact("data", describe(mnist));
  run.fact("model", describe(first) + ", the hidden layer with sigmoid, tanh or ReLU");

  // 3. The trainings.
  std::vector<Compared> trainings;
  for (const auto& [name, activation] : kFunctions) {
    FullyConnected model = network(activation);
    model.to(run.device());
    Sgd sgd(model.parameters(), {.lr = settings.lr});
    run.progress_title(name);
    trainings.push_back({name, train(run, {.name = name,
                                           .model = model,
                                           .optimizer = sgd,
                                           .train = train_set,
                                           .test = test_set})});
    run.save_model(name, model, activation == Activation::relu);
  }
  const double sigmoids = last_accuracy(trainings[0]);

  // 4. What came of it.
  Table table{{"hidden layer", "test loss", "test accuracy", "as good as sigmoid's end in epoch"}};
  for (const Compared& training : trainings)
    table.push_back({training.name, fixed(training.log.last_test().loss, 4),
                     percent(last_accuracy(training), 2),
                     first_epoch_with(sigmoids, training.log)});
  run.table("The same network with three functions", table);

  // 5. The figure.
  run.figure(save_charts(run.figure_file("training", "How the three trainings went", net),
                         {step_losses(trainings), test_accuracies(trainings)}),
             "Left: the loss of every step. Right: the share of the test pictures that is answered "
             "right. All three start from the same weights and see the same batches.");

  // 6. The claim, and what to try next.
  const double ahead = run.options().smoke ? kSmokeAhead : kAhead;
  const double nearest = std::min(last_accuracy(trainings[1]), last_accuracy(trainings[2]));
  run.claim("tanh and ReLU end at least " + fixed(100 * ahead, 0) + " points above sigmoid",
            nearest >= sigmoids + ahead, accuracies_found(trainings));
  run.exercises({"lessons/run 10 --lr 0.1: ten times the step. How much of the lead is left?",
                 "lessons/run 10 --batch 100 --epochs 5: many more steps. Which function is ahead "
                 "now?",
                 "lessons/run 10 --seed 2: does another start change the order?"});
}

}  // namespace lessons
