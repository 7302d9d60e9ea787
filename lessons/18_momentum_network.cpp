// Lesson 18: momentum in a network.
//
// On the spirals of lesson 12, shown arm after arm, plain gradient descent runs after each class in turn
// and forgets the ones before. Momentum adds to each step a share of the one before it, so that a step
// goes by more than its own batch.

#include <array>

#include "support/spirals.h"
#include "support/text.h"
#include "support/training.h"
#include "weft/optim.h"

namespace lessons {

using namespace weft;

namespace {

constexpr std::array kMomenta{0.0, 0.1, 0.2, 0.4, 0.5};
constexpr std::int64_t kHidden = 50;
constexpr int kSeeds = 3, kSmokeSeeds = 1;
constexpr double kLossLeft = 0.75, kGain = 0.05;  // of 0.5 against none, in order
constexpr double kSmokeClaim = 0.45;              // chance is a third
constexpr const char* kNet = "2-50-3 ReLU, cross-entropy, SGD with momentum";

/// What the seeds have in common: the curves of their trainings, added up and divided by their number.
struct Means {
  std::vector<double> epochs, losses, accuracies;
  double loss() const { return losses.back(); }
  double accuracy() const { return accuracies.back(); }
};

void add_share(std::vector<double>& sums, const std::vector<double>& values, double share) {
  sums.resize(values.size(), 0);
  for (std::size_t i = 0; i < values.size(); ++i) sums[i] += share * values[i];
}

/// A chart of the mean curves of one order, pale for no momentum to dark for the largest.
Chart chart(const std::string& title, const std::vector<Means>& means, bool accuracy) {
  Chart chart{.title = title,
              .x_label = "epoch",
              .y_label = accuracy ? "right answers" : "cross-entropy",
              .percent_y = accuracy,
              .key_below = accuracy};
  if (accuracy) {
    chart.y_low = 0.2;
    chart.y_high = 1.05;
  }
  for (std::size_t m = 0; m < kMomenta.size(); ++m)
    chart.curves.push_back(
        {.name = "momentum " + shortest(kMomenta[m]),
         .x = means[m].epochs,
         .y = accuracy ? means[m].accuracies : means[m].losses,
         .colour = colour_in_series(static_cast<double>(m) / (kMomenta.size() - 1))});
  return chart;
}

}  // namespace

void momentum_network(Run& run) {
  const Settings& settings = run.settings();
  const int seeds = run.options().smoke ? kSmokeSeeds : kSeeds;
  const int points_of_arm =
      run.options().smoke ? Spirals::kSmokePointsOfArm : Spirals::kPointsOfArm;

  run.story("Lesson 18: momentum against one-sided batches",
            {"Momentum m keeps a velocity: v = m v + g, where g is the gradient, and w moves by "
             "lr v. The gradients before still count, by m, m², m³ and so on, so that each step is "
             "a mean over about 1 / (1 - m) batches, and as many times as long.",
             "In order, each batch of the spirals holds a single class. Shuffled, each holds all "
             "three. Both are trained with five momenta, and each training is repeated with other "
             "points and another start: single ones differ too much to compare. The losses are "
             "over the whole set, not those of the last batch."});
  run.fact("data", grouped(Spirals::kArms * points_of_arm) + " points in 3 arms");
  run.fact("model", "2-50-3 with ReLU; momentum 0, 0.1, 0.2, 0.4, 0.5; " + std::to_string(seeds) +
                        (seeds == 1 ? " seed" : " seeds"));

  // 1. The trainings. A seed draws the points and the start, the same for all momenta and both orders.
  run.short_trainings(2 * static_cast<int>(kMomenta.size()) * seeds);
  std::vector<Means> in_turn(kMomenta.size()), mixed(kMomenta.size());
  std::vector<Chart> regions;
  for (const bool shuffle : {false, true}) {
    for (std::size_t m = 0; m < kMomenta.size(); ++m) {
      Means& means = (shuffle ? mixed : in_turn)[m];
      const std::string momentum = shortest(kMomenta[m]);
      for (int i = 0; i < seeds; ++i) {
        const std::uint64_t seed = settings.seed + static_cast<std::uint64_t>(i);
        Generator generator(seed);
        const Spirals points = draw_spirals(generator, points_of_arm);
        const Dataset data = points.dataset().to(run.device());
        nn::Sequential model{nn::Linear(2, kHidden, generator), nn::ReLU(),
                             nn::Linear(kHidden, Spirals::kArms, generator)};
        model.to(run.device());
        Sgd sgd(model.parameters(), {.lr = settings.lr, .momentum = kMomenta[m]});
        const std::string name =
            (shuffle ? "shuffled_" : "in_order_") + momentum + "_seed_" + std::to_string(seed);
        const TrainingLog log = train(run, {.name = name,
                                            .model = model,
                                            .optimizer = sgd,
                                            .train = data,
                                            .test = data,
                                            .order = shuffle ? shuffled(seed) : in_order});
        means.epochs = log.epochs();
        add_share(means.losses, log.test_losses(), 1.0 / seeds);
        add_share(means.accuracies, log.test_accuracies(), 1.0 / seeds);

        const bool is_first = i == 0, is_least = m == 0, is_most = m + 1 == kMomenta.size();
        run.save_model(name, model, is_first && is_most && !shuffle);
        if (is_first && (is_least || is_most))
          regions.push_back(
              decision_chart((shuffle ? "shuffled, momentum " : "in order, momentum ") + momentum,
                             points, model, run.device()));
      }
    }
  }

  // 2. What came of it.
  Table table{{"momentum", "in order, loss", "accuracy", "shuffled, loss", "accuracy"}};
  for (std::size_t m = 0; m < kMomenta.size(); ++m)
    table.push_back({shortest(kMomenta[m]), fixed(in_turn[m].loss(), 4),
                     percent(in_turn[m].accuracy()), fixed(mixed[m].loss(), 4),
                     percent(mixed[m].accuracy())});
  run.table(
      "Over the whole set, mean of " + std::to_string(seeds) + (seeds == 1 ? " seed" : " seeds"),
      table);

  // 3. The figures.
  run.figure(
      save_charts(
          run.figure_file("training", "What momentum does", kNet),
          {chart("In order: loss", in_turn, false), chart("In order: right answers", in_turn, true),
           chart("Shuffled: loss", mixed, false), chart("Shuffled: right answers", mixed, true)},
          2),
      "Loss and accuracy over all points after each epoch, mean over the seeds: the darker, "
      "the more momentum. In order, 0.5 helps a good deal and a little momentum does not; "
      "shuffled, momentum only speeds up what succeeds without it.");
  run.figure(save_charts(run.figure_file("regions", "What the networks decide", kNet), regions, 2),
             "The points of the first seed over the arm that the network says, without momentum "
             "and with the largest one, in order (above) and shuffled (below).");

  // 4. The claims, and what to try next.
  const Means &without = in_turn.front(), &with = in_turn.back();
  if (run.options().smoke) {
    run.claim("shuffled, momentum 0.5 gets at least " + percent(kSmokeClaim),
              mixed.back().accuracy() >= kSmokeClaim, percent(mixed.back().accuracy()));
  } else {
    run.claim("in order, momentum 0.5 cuts the mean loss over the whole set by at least a quarter",
              with.loss() <= kLossLeft * without.loss(),
              fixed(without.loss(), 4) + " without, " + fixed(with.loss(), 4) + " with");
    run.claim("in order, momentum 0.5 gains at least " + fixed(100 * kGain, 0) + " points",
              with.accuracy() - without.accuracy() >= kGain,
              percent(without.accuracy()) + " without, " + percent(with.accuracy()) + " with");
  }
  run.exercises(
      {"lessons/run 18 --lr 0.2: momentum 0.5 makes steps about twice as long. Do longer steps "
       "alone do the same?",
       "lessons/run 18 --batch 500: one step for each arm. What is left of the difference?",
       "lessons/run 18 --epochs 300: does the network without momentum catch up?"});
}

}  // namespace lessons
