// Lesson 19: batch norm.
//
// Sigmoids learn where their inputs lie about 0 and differ from picture to picture. Batch norm sees to
// that in every layer: it shifts and scales what each neuron receives to mean 0 and variance 1 over the
// batch, then lets the training choose another mean and spread (Ioffe, Szegedy 2015). Two hidden layers
// of sigmoids, which stayed near chance in lesson 11, learn with it at once.

#include <algorithm>
#include <memory>

#include "support/comparison.h"
#include "support/mnist.h"
#include "support/run.h"
#include "support/text.h"
#include "support/training.h"
#include "weft/autograd.h"
#include "weft/figures.h"
#include "weft/nn.h"
#include "weft/ops/reduction.h"
#include "weft/optim.h"

namespace lessons {

using namespace weft;

namespace {

constexpr std::int64_t kHidden = 100;
constexpr double kLearns = 0.85, kNearChance = 0.20;  // of the test pictures; chance is 0.10
constexpr double kSmokeAhead = 0.10;
constexpr int kBins = 80;
constexpr double kLow = -4, kHigh = 4;  // of the histograms

/// With batch norm each hidden layer has one step more, between its sums and its sigmoids. The layers
/// draw in the same order, so both networks start from the same weights.
nn::Sequential network(std::int64_t features, bool with_batch_norm, std::uint64_t seed) {
  Generator generator(seed);
  nn::Linear first(features, kHidden, generator);
  nn::Linear second(kHidden, kHidden, generator);
  nn::Linear last(kHidden, Mnist::kClasses, generator);
  if (!with_batch_norm) return nn::Sequential(first, nn::Sigmoid(), second, nn::Sigmoid(), last);
  return nn::Sequential(first, nn::BatchNorm1d(kHidden), nn::Sigmoid(),   //
                        second, nn::BatchNorm1d(kHidden), nn::Sigmoid(),  //
                        last);
}

/// What reaches the sigmoids of the second hidden layer in a training step on `x`. In training batch norm
/// also moves its running values, so a copy of the model is looked through.
Tensor inputs_of_second_sigmoids(const nn::Sequential& model, bool with_batch_norm,
                                 const Tensor& x) {
  const NoGrad off;
  nn::Sequential copy = network(x.size(1), with_batch_norm, 0);
  copy.to(x.device());
  copy.load(model.named_state());
  Tensor y = x;
  for (std::size_t i = 0; i + 2 < copy.size(); ++i) y = copy[i](y);  // two are left: sigmoid, last
  return y;
}

Curve histogram_of(const std::string& name, const Tensor& x) {
  const auto counts = histogram(x, kBins, kLow, kHigh).to_vector<std::int32_t>();
  Curve curve{.name = name, .steps = true};
  for (int bin = 0; bin < kBins; ++bin) {
    curve.x.push_back(kLow + (bin + 0.5) * (kHigh - kLow) / kBins);
    curve.y.push_back(counts[static_cast<std::size_t>(bin)] / static_cast<double>(x.size()));
  }
  return curve;
}

struct Variant {
  const char* name;        // in tables and figures
  const char* short_name;  // in metrics.csv
  bool adam, batch_norm;
};
constexpr Variant kVariants[] = {{"SGD", "sgd_none", false, false},
                                 {"SGD + batch norm", "sgd_batch_norm", false, true},
                                 {"Adam", "adam_none", true, false},
                                 {"Adam + batch norm", "adam_batch_norm", true, true}};

std::unique_ptr<Optimizer> optimizer_of(const Variant& variant, const nn::Module& model,
                                        double lr) {
  if (variant.adam) return std::make_unique<Adam>(model.parameters(), AdamOptions{.lr = lr});
  return std::make_unique<Sgd>(model.parameters(), SgdOptions{.lr = lr});
}

}  // namespace

void batch_norm_lesson(Run& run) {
  const Settings& settings = run.settings();

  // 1. The data of lesson 04. One picture alone has no variance, so a last batch of one is left out.
  if (settings.batch < 2)
    throw UsageError("--batch: expected at least 2 pictures, for their variance, found 1");
  const Mnist mnist = load_mnist(run.options());
  const std::int64_t left_over = mnist.train.size() % settings.batch == 1 ? 1 : 0;
  const Dataset train_set = mnist.train.first(mnist.train.size() - left_over).to(run.device());
  const Dataset test_set = mnist.test.to(run.device());
  const Batch pictures = train_set.gather(0, std::min(settings.batch, train_set.size()));
  const std::string net =
      std::to_string(train_set.features()) + "-100-100-10 sigmoid, cross-entropy";

  run.story(
      "Lesson 19: batch norm keeps sigmoids where they learn",
      {"Two hidden layers of sigmoids hardly learned in lesson 11: what reaches a neuron differs "
       "little from picture to picture, and so does what it says. In every layer and in every "
       "step, batch norm subtracts the mean of each neuron's inputs over the batch and divides by "
       "their standard deviation. Then it multiplies and adds two numbers that are trained.",
       "For the test, where there may be no batch, it uses averages that it kept while training. "
       "All networks start from the same weights."});
  run.fact("data", describe(mnist));
  const auto parameters = [&](bool with_batch_norm) {
    return grouped(network(train_set.features(), with_batch_norm, 0).parameter_count());
  };
  run.fact("model", std::to_string(train_set.features()) + "-100-100-10 sigmoid, " +
                        parameters(false) + " parameters, with batch norm " + parameters(true));

  // 2. The trainings: without and with batch norm, by SGD and by Adam.
  std::vector<Compared> trainings;
  std::vector<Curve> before, after;  // of SGD's two
  for (const Variant& variant : kVariants) {
    nn::Sequential model = network(train_set.features(), variant.batch_norm, settings.seed);
    model.to(run.device());
    const auto optimizer = optimizer_of(variant, model, settings.lr);
    const auto look = [&](std::vector<Curve>& histograms) {
      if (variant.adam) return;
      histograms.push_back(
          histogram_of(variant.batch_norm ? "with batch norm" : "without",
                       inputs_of_second_sigmoids(model, variant.batch_norm, pictures.x)));
    };
    look(before);
    run.progress_title(variant.name);
    trainings.push_back({variant.name,
                         train(run, {.name = variant.short_name,
                                     .model = model,
                                     .optimizer = *optimizer,
                                     .train = train_set,
                                     .test = test_set}),
                         variant.adam});
    look(after);
    run.save_model(variant.short_name, model, variant.batch_norm && !variant.adam);
  }

  // 3. What came of it.
  Table table{{"optimiser", "batch norm", "test loss", "test accuracy"}};
  for (std::size_t i = 0; i < trainings.size(); ++i)
    table.push_back({kVariants[i].adam ? "Adam" : "SGD", kVariants[i].batch_norm ? "yes" : "no",
                     fixed(trainings[i].log.last_test().loss, 4),
                     percent(last_accuracy(trainings[i]), 2)});
  run.table("Without and with batch norm", table);

  // 4. The figures.
  run.figure(save_charts(run.figure_file("training", "How the trainings went", net),
                         {step_losses(trainings), test_accuracies(trainings)}),
             "Left: the loss of every step. Right: the share of the test pictures that is answered "
             "right. Adam's trainings are dashed.");
  const auto chart = [](const std::string& title, const std::vector<Curve>& histograms) {
    return Chart{.title = title,
                 .x_label = "input of a sigmoid in the second layer",
                 .y_label = "share of the inputs",
                 .curves = histograms,
                 .percent_y = true};
  };
  run.figure(
      save_charts(run.figure_file("second_layer", "What the second layer receives", net),
                  {chart("Before the training", before), chart("After SGD", after)}),
      "What reaches the sigmoids of the second hidden layer, over one batch of " +
          grouped(pictures.x.size(0)) +
          " training pictures. Before the training batch norm makes mean 0 and variance 1 of it; "
          "later the network chooses.");

  // 5. The claims, and what to try next.
  const double none = last_accuracy(trainings[0]), normed = last_accuracy(trainings[1]);
  if (run.options().smoke) {
    run.claim(
        "by SGD, batch norm ends at least " + fixed(100 * kSmokeAhead, 0) + " points above none",
        normed >= none + kSmokeAhead, percent(normed, 2) + " beside " + percent(none, 2));
  } else {
    run.claim("by SGD, batch norm reaches " + percent(kLearns, 0), normed >= kLearns,
              percent(normed, 2));
    run.claim("by SGD, without it the network stays near chance, under " + percent(kNearChance, 0),
              none < kNearChance, percent(none, 2));
  }
  run.exercises(
      {"lessons/run 19 --epochs 30: does the network without batch norm come to learn by itself?",
       "lessons/run 19 --lr 1: which of the four can bear a step ten times as long?",
       "lessons/run 19 --batch 4 --epochs 1: how good are the mean and the variance of four "
       "pictures?"});
}

}  // namespace lessons
