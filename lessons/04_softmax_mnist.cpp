// Lesson 04: softmax regression on MNIST.
//
// The smallest network that reads handwriting: each of the 784 pixels is connected to each of the 10
// digits, and nothing lies between. Ten weighted sums, made into probabilities by softmax; the digit
// with the largest one is the answer.

#include <algorithm>
#include <cmath>

#include "support/mnist.h"
#include "support/networks.h"
#include "support/predictions.h"
#include "support/run.h"
#include "support/text.h"
#include "weft/figures.h"
#include "weft/nn.h"
#include "weft/ops/loss.h"
#include "weft/optim.h"
#include "weft/training_step.h"

namespace lessons {

using namespace weft;

namespace {

constexpr double kClaim = 0.915;      // of the 10,000 test pictures, after 10 epochs
constexpr double kSmokeClaim = 0.70;  // after one epoch on a tenth of the data
constexpr std::int64_t kTestBatch = 1000;
constexpr const char* kNet = "784-10 softmax, cross-entropy, SGD";

// The weights that lead to one digit, one for each pixel, are a picture themselves.
PictureGroup weight_pictures(const std::string& title, const Tensor& weight, const Mnist& mnist) {
  const auto values = weight.to_vector<float>();  // [10, 784]
  PictureGroup group{title, {}, 5};
  const std::int64_t pixels = weight.size(1);
  for (int digit = 0; digit < Mnist::kClasses; ++digit)
    group.pictures.push_back(picture_of(values.data() + digit * pixels, mnist.rows, mnist.columns,
                                        std::to_string(digit)));
  return group;
}

double root_mean_square(const Tensor& x) {
  double sum = 0;
  for (const float value : x.to_vector<float>())
    sum += static_cast<double>(value) * static_cast<double>(value);
  return std::sqrt(sum / static_cast<double>(x.size()));
}

double largest(const Tensor& x) {
  double most = 0;
  for (const float value : x.to_vector<float>())
    most = std::max(most, std::abs(static_cast<double>(value)));
  return most;
}

}  // namespace

// The model: y = x Wᵀ + b, with W [10, 784] and b [10]. weft-lessons predict builds it again.
nn::Sequential softmax_mnist_network(PictureSize picture, std::int64_t classes,
                                     Generator& generator) {
  return nn::Sequential(nn::Linear(picture.pixels(), classes, generator));
}

void softmax_mnist(Run& run) {
  const Settings& settings = run.settings();

  // 1. The data. Training and test pictures are never mixed: the test set is for judging only. They are
  //    kept as bytes, on the device, and become numbers in 0..1 as each batch is drawn.
  const Mnist mnist = load_mnist(run.options());
  const Dataset train = mnist.train.to(run.device());
  const Dataset test = mnist.test.to(run.device());

  // 2. The model starts with small random weights, the same ones for the same seed.
  const PictureSize picture{mnist.rows, mnist.columns};
  Generator generator(settings.seed);
  nn::Sequential model = softmax_mnist_network(picture, Mnist::kClasses, generator);
  const Tensor weight = model.parameters().front(), weight_before = weight.clone();
  model.to(run.device());

  run.story(
      "Lesson 04: a network without hidden layers reads digits",
      {"Softmax regression connects every pixel of a picture with every digit. For each digit it "
       "adds up the pixels, each times a weight, and softmax turns the ten sums into "
       "probabilities.",
       "Training shows it a batch of pictures at a time, measures by the cross-entropy how little "
       "probability it gave to the true digits, and moves every weight a small step downhill."});
  run.fact("data", describe(mnist));
  run.fact("model", std::to_string(train.features()) + "-10 softmax, " +
                        grouped(model.parameter_count()) + " parameters");

  // 3. The training. A step is written once: the loss of a batch. TrainingStep does the rest: it walks
  //    back through the loss for the gradients and lets the optimiser move the weights.
  Sgd sgd(model.parameters(), {.lr = settings.lr});
  const auto loss_of = [&](const Batch& batch) { return cross_entropy(model(batch.x), batch.y); };
  const auto batches_of = [&](int epoch) {
    const Order order = Order::shuffled(settings.seed, static_cast<std::uint32_t>(epoch));
    return train.batches(settings.batch, order);
  };
  TrainingStep step{loss_of, sgd};
  const auto test_it = [&] { return evaluate(model, test.batches(kTestBatch)); };

  TrainingLog log = run.train("softmax");
  log.watch({model, sgd, loss_of, batches_of});  // to say where it began if numbers are lost
  log.before(test_it());
  for (int epoch = 1; epoch <= settings.epochs; ++epoch) {
    step.run(batches_of(epoch));
    log.epoch(step.metrics(), test_it);  // the losses stayed on the device until here
  }
  run.save_model("softmax", model, true, about_pictures(picture, Mnist::kClasses));

  // 4. What has changed.
  const Predictions answers = predict(model, test);
  const Summary &before = log.first_test(), &after = log.last_test();
  const Tensor weight_after = weight.to(Device::cpu);
  run.table("Before and after the training",
            {{"", "before", "after"},
             {"test accuracy", percent(before.accuracy(), 2), percent(after.accuracy(), 2)},
             {"test loss", fixed(before.loss, 4), fixed(after.loss, 4)},
             {"wrong test pictures", grouped(before.rows - before.correct),
              grouped(after.rows - after.correct)},
             {"weights, root mean square", fixed(root_mean_square(weight_before), 4),
              fixed(root_mean_square(weight_after), 4)},
             {"largest weight", fixed(largest(weight_before), 4), fixed(largest(weight_after), 4)},
             {"how sure of right answers", "", percent(answers.mean_confidence(true))},
             {"how sure of wrong answers", "", percent(answers.mean_confidence(false))}});

  // 5. The figures.
  const int window = std::clamp(static_cast<int>(log.steps().size()) / 20, 3, 101);
  const Curve losses{.name = "", .x = log.steps(), .y = log.step_losses(), .smoothing = window};
  // Without epoch 0, near chance, beside which everything that is learned later looks flat.
  const std::ptrdiff_t skipped = settings.epochs > 2 ? 1 : 0;
  const Curve accuracy{.name = "",
                       .x = {log.epochs().begin() + skipped, log.epochs().end()},
                       .y = {log.test_accuracies().begin() + skipped, log.test_accuracies().end()},
                       .points = true};
  run.figure(save_charts(run.figure_file("training", "How the training went", kNet),
                         {{.title = "Loss of each step, and its running mean",
                           .x_label = "step",
                           .y_label = "cross-entropy",
                           .curves = {losses}},
                          {.title = "Test accuracy after each epoch",
                           .x_label = "epoch",
                           .y_label = "right answers",
                           .curves = {accuracy},
                           .percent_y = true}}),
             "Left: the loss of every step on its own batch, and its running mean. Right: the "
             "share of the test pictures that is answered right.");
  run.figure(
      save_pictures(
          run.figure_file("weights_before_after", "What each digit's sum looks for", kNet),
          {weight_pictures("before the training", weight_before, mnist),
           weight_pictures("after the training", weight_after, mnist)},
          Palette::diverging, true),
      "The weights of each digit as a picture, before and after, on one colour scale. Ink on a red "
      "pixel speaks for the digit, ink on a blue one against it. The border never has ink, so its "
      "weights stay what they were.");
  constexpr int kPerRow = 7;
  run.figure(
      save_pictures(
          run.figure_file("right_and_wrong", "The first test pictures it gets wrong, and right",
                          kNet),
          {{"wrong", first_pictures(answers, test, false, 2 * kPerRow, mnist.rows, mnist.columns),
            kPerRow},
           {"right", first_pictures(answers, test, true, kPerRow, mnist.rows, mnist.columns),
            kPerRow}},
          Palette::grey),
      "The first test pictures with a wrong answer and the first with a right one, with the "
      "probability of the answer.");
  std::vector<std::string> digits;
  for (int digit = 0; digit < Mnist::kClasses; ++digit) digits.push_back(std::to_string(digit));
  run.figure(
      save_confusion_matrix(run.figure_file("confusion", "Which digits it takes for which", kNet),
                            digits, answers.confusion),
      "Each row is a true digit, each column an answer. Right answers are blue; mistakes are the "
      "redder, the more often they happen.");

  // 6. The claim, and what to try next.
  const double claim = run.options().smoke ? kSmokeClaim : kClaim;
  run.claim("test accuracy of at least " + percent(claim), after.accuracy() >= claim,
            percent(after.accuracy(), 2));
  run.exercises(
      {"lessons/run 04 --lr 1: ten times the step. Does it learn faster, and does it end better?",
       "lessons/run 04 --lr 0.001: after how many epochs (--epochs) does it reach the same "
       "accuracy?",
       "lessons/run 04 --batch 60000 --epochs 100: one step an epoch over all pictures. How smooth "
       "is the loss now, and what does it cost?"});
}

}  // namespace lessons
