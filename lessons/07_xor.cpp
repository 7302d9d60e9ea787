// Lesson 07: exclusive or.
//
// Yes where one of two inputs is on, no where none or both are: no straight line parts the two. How many
// hidden neurons does a network need for it, and does every start find the way?

#include <algorithm>

#include "support/small_models.h"
#include "support/text.h"
#include "weft/ops/loss.h"

namespace lessons {

using namespace weft;

namespace {

constexpr int kCorners = 4, kPointsOfCorner = 25;
constexpr double kNoise = 0.04;
constexpr int kMostHidden = 4, kSeeds = 6, kSmokeSeeds = 1;
constexpr double kOneNeuron = 0.80;  // what one hidden neuron never passes
constexpr int kSolvedOfSix = 5;      // starts that three and more neurons solve
constexpr int kCells = 80;           // of the regions in each direction: 0.02 wide
constexpr double kLow = -0.3, kHigh = 1.3;
constexpr const char* kNet = "2-H-1 sigmoid, cross-entropy, SGD";

/// 25 points about each corner of the unit square, normally distributed.
Points xor_points(Generator& generator) {
  Tensor noise = empty({kCorners * kPointsOfCorner, 2});
  normal_(noise, 0, kNoise, generator.next());
  Points points{.x = noise.to_vector<float>(), .y = {}, .inputs = 2};
  for (int i = 0; i < kCorners * kPointsOfCorner; ++i) {
    const int right = i / kPointsOfCorner % 2, up = i / kPointsOfCorner / 2;
    points.x[static_cast<std::size_t>(2 * i)] += static_cast<float>(right);
    points.x[static_cast<std::size_t>(2 * i + 1)] += static_cast<float>(up);
    points.y.push_back(right != up ? 1.0f : 0.0f);
  }
  return points;
}

Field regions_of(nn::Module& model, Device device) {
  Field field{kLow, kHigh, kLow, kHigh, kCells, kCells, {}};
  for (const double p : probabilities(model, middles_of(field), 2, device))
    field.values.push_back(static_cast<float>(p));
  return field;
}

}  // namespace

void xor_problem(Run& run) {
  const Settings& settings = run.settings();

  // 1. The data: the same points for every network.
  Generator generator(settings.seed);
  const Points points = xor_points(generator);
  const Dataset data = points.dataset().to(run.device());

  run.story("Lesson 07: exclusive or, and how many neurons it takes",
            {"The points lie about the corners of a square; two opposite corners are yes, the "
             "other two no. A single straight border gets at most three of the four corners right.",
             "Each hidden neuron is one border. With one there is no solution. With two there is, "
             "but not every start finds it; each further neuron makes that more likely."});
  run.fact("data", "100 points, 25 about each corner of the unit square, noise 0.04");
  run.fact("model", "2-H-1, sigmoid on both layers, H = 1 to 4");

  // 2. The trainings: each size from several starts. Accuracy is over the points that are learned from:
  //    the question is what a network can hold, not how well it guesses.
  const int seeds = run.options().smoke ? kSmokeSeeds : kSeeds;
  run.short_trainings(kMostHidden * seeds);
  Table table{{"hidden neurons", "starts solved", "best accuracy", "worst accuracy"}};
  std::vector<int> solved;
  double one_neuron = 0;  // the most that it reaches after any epoch, from any start
  std::vector<Chart> regions;
  Chart losses{.title = "Loss over all points",
               .x_label = "epoch",
               .y_label = "cross-entropy",
               .y_high = 1.1};
  Chart accuracies{.title = "Right answers",
                   .x_label = "epoch",
                   .y_label = "of the 100 points",
                   .percent_y = true,
                   .key_below = true,
                   .y_high = 1.05};
  for (int hidden = 1; hidden <= kMostHidden; ++hidden) {
    const std::string size = "H = " + std::to_string(hidden);
    int right = 0;
    double most = 0, least = 1, drawn = -1;
    Chart region;
    Curve loss, accuracy;
    for (int start = 0; start < seeds; ++start) {
      const std::uint64_t seed = settings.seed + static_cast<std::uint64_t>(start);
      const std::string name = "h" + std::to_string(hidden) + "_seed_" + std::to_string(seed);
      Generator weights(seed);
      nn::Sequential model{nn::Linear(2, hidden, weights), nn::Sigmoid(),
                           nn::Linear(hidden, 1, weights)};
      model.to(run.device());
      const TrainingLog log =
          train_small(run, name, model, data, binary_cross_entropy_with_logits, shuffled(seed));
      run.save_model(name, model, hidden == kMostHidden && right == 0);
      const double share = log.last_test().accuracy();
      right += log.last_test().correct == points.size() ? 1 : 0;
      most = std::max(most, share);
      least = std::min(least, share);
      const std::vector<double>& shares = log.test_accuracies();
      if (hidden == 1)
        one_neuron = std::max(one_neuron, *std::max_element(shares.begin(), shares.end()));
      if (share <= drawn) continue;  // the figures show the best start of each size
      drawn = share;
      region = {.title = size,
                .x_label = "x1",
                .y_label = "x2",
                .curves = {scatter_of(points, 0), scatter_of(points, 1)},
                .regions = regions_of(model, run.device())};
      loss = {.name = size, .x = log.epochs(), .y = log.test_losses()};
      accuracy = {.name = size, .x = log.epochs(), .y = log.test_accuracies()};
    }
    solved.push_back(right);
    regions.push_back(region);
    losses.curves.push_back(loss);
    accuracies.curves.push_back(accuracy);
    table.push_back({std::to_string(hidden), std::to_string(right) + " of " + std::to_string(seeds),
                     percent(most), percent(least)});
  }
  run.table("How many starts each size solves", table);

  // 3. The figures.
  run.figure(
      save_charts(run.figure_file("regions", "What each network decides", kNet), regions),
      "The points over what the best start of each size decides: the stronger the colour, the "
      "surer. The line is where yes and no are equally likely.");
  run.figure(save_charts(run.figure_file("training", "How the best start of each size went", kNet),
                         {losses, accuracies}),
             "Loss and accuracy over all points after each epoch, for the start drawn above.");
  Curve shares{.name = "", .points = true};
  for (int hidden = 1; hidden <= kMostHidden; ++hidden) {
    shares.x.push_back(hidden);
    shares.y.push_back(static_cast<double>(solved[static_cast<std::size_t>(hidden - 1)]) / seeds);
  }
  Chart share_chart{.title = "",
                    .x_label = "hidden neurons",
                    .y_label = "starts solved",
                    .curves = {shares},
                    .percent_y = true,
                    .y_high = 1.05};
  run.figure(save_charts(run.figure_file("solved", "The share of starts that end at 100 %", kNet),
                         {share_chart}),
             "The share of the starts that each size solves.");

  // 4. The claims, and what to try next.
  run.claim("one hidden neuron never passes " + percent(kOneNeuron, 0), one_neuron <= kOneNeuron,
            percent(one_neuron));
  if (!run.options().smoke) {
    run.claim("three and four solve it from at least " + std::to_string(kSolvedOfSix) + " of " +
                  std::to_string(seeds) + " starts",
              std::min(solved[2], solved[3]) >= kSolvedOfSix,
              std::to_string(solved[2]) + " and " + std::to_string(solved[3]));
    run.claim("two solve it from some", solved[1] > 0,
              std::to_string(solved[1]) + " of " + std::to_string(seeds));
  }
  run.exercises(
      {"lessons/run 07 --seed 7: other starts and other points. How often do two suffice?",
       "lessons/run 07 --epochs 100: which sizes are done by then?",
       "lessons/run 07 --batch 100 --lr 10: all points at once."});
}

}  // namespace lessons
