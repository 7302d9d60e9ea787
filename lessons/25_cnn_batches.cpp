// Lesson 25: batch norm, and the size of a batch.
//
// The network of lesson 24, trained longer. Batch norm brings what each kernel gives to mean 0 and variance
// 1 over the batch, then lets the network choose a scale and a shift of its own: every layer always gets
// inputs of the same size, however the layers before it move. Then the same network with small and with
// large batches: many noisy steps, or few good ones.

#include <algorithm>

#include "support/comparison.h"
#include "support/mnist.h"
#include "support/networks.h"
#include "support/small_images.h"
#include "support/text.h"
#include "support/training.h"

namespace lessons {

using namespace weft;

namespace {

constexpr double kClaim = 0.983;  // of the 10,000 test pictures, after 10 epochs with batch norm
constexpr double kSmokeClaim = 0.60;  // after 50 steps on a few pictures
constexpr std::int64_t kSmokeTrain = 500, kSmokeTest = 200;
constexpr std::int64_t kFirst = 16, kSecond = 32, kKernel = 5;
// The other batch sizes are compared after the first epochs: what they differ in is seen by then.
constexpr int kSizeEpochs = 3;
constexpr std::int64_t kSmall = 10, kLarge = 1000, kSmokeSmall = 20, kSmokeLarge = 100;
constexpr const char* kNet = "conv 16, pool, conv 32, pool, fc 10; ReLU, cross-entropy, SGD";

/// One training with its batch size.
struct Trained {
  std::string name;  // in the table and the figures
  std::int64_t batch;
  TrainingLog log;

  int epochs() const { return static_cast<int>(log.epochs().size()) - 1; }
  double seconds_per_epoch() const { return log.seconds() / epochs(); }
};

/// Batch norm knows no variance of a single picture: where one is left over for the last batch, the set
/// without it.
Dataset without_single(const Dataset& data, std::int64_t batch) {
  if (batch == 1) throw UsageError("--batch: expected at least 2 for batch norm, found 1");
  return data.size() % batch == 1 ? data.first(data.size() - 1) : data;
}

}  // namespace

/// The network of lesson 24 with batch norm after each convolution and on the outputs.
nn::Sequential cnn_batches_network(PictureSize size, std::int64_t classes, Generator& generator) {
  const std::int64_t features = size.rows / 4 * (size.columns / 4) * kSecond;
  return nn::Sequential{
      nn::Unflatten({size.rows, size.columns, size.channels}),
      nn::Conv2d(size.channels, kFirst, kKernel, generator, {.padding = kKernel / 2}),
      nn::BatchNorm(kFirst),
      nn::ReLU(),
      nn::MaxPool2d(2),
      nn::Conv2d(kFirst, kSecond, kKernel, generator, {.padding = kKernel / 2}),
      nn::BatchNorm(kSecond),
      nn::ReLU(),
      nn::MaxPool2d(2),
      nn::Flatten(),
      nn::Linear(features, classes, generator),
      nn::BatchNorm(classes)};
}

void cnn_batches(Run& run) {
  const Settings& settings = run.settings();
  const bool smoke = run.options().smoke;

  // 1. The data of lesson 24: MNIST brought to 16 x 16 once, on the device.
  const Mnist mnist = load_mnist(run.options());
  const auto small = [&](const Dataset& data, std::int64_t most) {
    return small_images((smoke ? data.first(std::min(most, data.size())) : data).to(run.device()));
  };
  const Dataset train_set = small(mnist.train, kSmokeTrain);
  const Dataset test_set = small(mnist.test, kSmokeTest);

  // 2. The models: with batch norm and without, from the same weights.
  const PictureSize size{kSmallImage.h, kSmallImage.w};
  using Network = nn::Sequential (*)(PictureSize, std::int64_t, Generator&);
  const auto start = [&](Network network) {
    Generator generator(settings.seed);
    nn::Sequential model = nn::fuse(network(size, Mnist::kClasses, generator));
    model.to(run.device());
    return model;
  };
  nn::Sequential with = start(cnn_batches_network), without = start(cnn_small_images_network);

  run.story(
      "Lesson 25: batch norm in a convolutional network, and the size of a batch",
      {"While a layer learns, what it gives to the next one grows, shrinks and moves, and the next "
       "one has to follow. Batch norm brings every map to mean 0 and variance 1 over the pictures "
       "of the batch. To judge a single picture it uses the means and variances it has seen in "
       "training.",
       "Then the same network with batches of other sizes. All see every picture once an epoch: a "
       "small batch makes many steps of it in uncertain directions, a large one few steps in good "
       "ones, and a machine works on a large batch with less waiting. They are compared early, "
       "after the first few epochs."});
  run.fact("data", grouped(train_set.size()) + " training and " + grouped(test_set.size()) +
                       " test pictures from " + mnist.folder + ", brought to 16 x 16");
  run.fact("model", "the network of lesson 24, with batch norm " + grouped(with.parameter_count()) +
                        " parameters, without " + grouped(without.parameter_count()));

  // 3. The trainings.
  const auto train_with = [&](const std::string& name, const std::string& title,
                              nn::Sequential& model, std::int64_t batch, int epochs) {
    Sgd sgd(model.parameters(), {.lr = settings.lr});
    run.progress_title(title + ", batches of " + grouped(batch));
    TrainingLog log = train(run, {.name = name,
                                  .model = model,
                                  .optimizer = sgd,
                                  .train = without_single(train_set, batch),
                                  .test = test_set,
                                  .epochs = epochs,
                                  .batch = batch});
    run.save_model(name, model, name == "batch_norm", about_pictures(size, Mnist::kClasses));
    return Trained{title, batch, std::move(log)};
  };
  const Trained normed =
      train_with("batch_norm", "with batch norm", with, settings.batch, settings.epochs);
  const Trained plain =
      train_with("no_batch_norm", "without", without, settings.batch, settings.epochs);
  const int size_epochs = std::min(kSizeEpochs, settings.epochs);
  std::vector<Trained> others;
  for (const std::int64_t batch : {smoke ? kSmokeSmall : kSmall, smoke ? kSmokeLarge : kLarge}) {
    nn::Sequential model = start(cnn_batches_network);
    others.push_back(train_with("batch_" + std::to_string(batch), "with batch norm", model,
                                std::min(batch, train_set.size()), size_epochs));
  }
  std::vector<const Trained*> sizes{&normed, &others[0], &others[1]};
  std::sort(sizes.begin(), sizes.end(),
            [](const Trained* a, const Trained* b) { return a->batch < b->batch; });

  // 4. What came of it.
  Table norms{{"", "test accuracy", "test loss", "wrong test pictures", "seconds an epoch"}};
  for (const Trained* t : {&normed, &plain}) {
    const Summary& last = t->log.last_test();
    norms.push_back({t->name, percent(last.accuracy(), 2), fixed(last.loss, 4),
                     grouped(last.rows - last.correct), fixed(t->seconds_per_epoch(), 2)});
  }
  run.table("With and without batch norm", norms);
  Table table{{"batch size", "steps an epoch", "seconds an epoch", "accuracy after 1 epoch",
               "after " + std::to_string(size_epochs)}};
  for (const Trained* t : sizes) {
    const auto steps = static_cast<std::int64_t>(t->log.steps().size()) / t->epochs();
    const auto& accuracies = t->log.test_accuracies();
    table.push_back({grouped(t->batch), grouped(steps), fixed(t->seconds_per_epoch(), 2),
                     percent(accuracies[1], 2),
                     percent(accuracies[static_cast<std::size_t>(size_epochs)], 2)});
  }
  run.table("The size of the batch, with batch norm", table);

  // 5. The figures.
  Chart loss_chart = smoothed_losses_chart(), accuracy_chart = accuracies_chart();
  for (const Trained* t : {&normed, &plain}) {
    loss_chart.curves.push_back(smoothed_losses(t->name, t->log));
    accuracy_chart.curves.push_back(accuracies(t->name, t->log, 1));
  }
  run.figure(
      save_charts(run.figure_file("training", "With batch norm and without", kNet),
                  {loss_chart, accuracy_chart}),
      "The loss of each step with its running mean, and the share of the test pictures that is "
      "answered right after each epoch.");
  Curve times{.name = "", .points = true};
  Chart by_time{.title = "Test accuracy over the time of training",
                .x_label = "seconds",
                .y_label = "right answers",
                .log_x = true,
                .percent_y = true,
                .key_below = true};
  for (const Trained* t : sizes) {
    times.x.push_back(static_cast<double>(t->batch));
    times.y.push_back(t->seconds_per_epoch());
    Curve curve{.name = "batches of " + grouped(t->batch), .points = true};
    for (int epoch = 1; epoch <= size_epochs; ++epoch) {
      curve.x.push_back(epoch * t->seconds_per_epoch());
      curve.y.push_back(t->log.test_accuracies()[static_cast<std::size_t>(epoch)]);
    }
    by_time.curves.push_back(curve);
  }
  run.figure(save_charts(run.figure_file("batch_size", "The size of the batch", kNet),
                         {{.title = "Time of an epoch",
                           .x_label = "pictures in a batch",
                           .y_label = "seconds",
                           .curves = {times},
                           .log_x = true},
                          by_time}),
             "Left: what one pass over the training pictures takes. Right: the test accuracy after "
             "each of the first epochs, over the time that training took until then. The times are "
             "this machine's.");

  // 6. The claim, and what to try next.
  const double claim = smoke ? kSmokeClaim : kClaim;
  const double found = normed.log.last_test().accuracy();
  run.claim("test accuracy of at least " + percent(claim) + " with batch norm", found >= claim,
            percent(found, 2));
  run.exercises(
      {"lessons/run 25 --lr 1: which of the two networks bears ten times the step?",
       "lessons/run 25 --batch 6000: ten steps an epoch. How far behind is it after ten epochs?",
       "lessons/run 25 --lr 0.01: which of the two has a loss that falls sooner now?"});
}

}  // namespace lessons
