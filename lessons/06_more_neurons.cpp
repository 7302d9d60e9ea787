// Lesson 06: more neurons.
//
// Every hidden neuron is one border on the line. Two islands of yes have four borders, so a network needs
// four hidden neurons to hold them. To find them by training it is better to have some more.

#include <algorithm>

#include "support/islands.h"
#include "support/text.h"

namespace lessons {

using namespace weft;

namespace {

const std::vector<int> kSizes{1, 2, 3, 4, 6, 9}, kSmokeSizes{1, 3, 9};
constexpr int kStarts = 6, kSmokeStarts = 1;
constexpr int kBorders = 4;       // fewer neurons than these cannot solve it
constexpr int kSolvedByMost = 2;  // of six starts of the largest network
constexpr double kBeside = 0.08;  // the starts of one size are drawn beside each other
constexpr const char* kNet = "1-H-1 sigmoid, cross-entropy, Adam";

double mean_accuracy(const std::vector<IslandsRun>& runs) {
  double sum = 0;
  for (const IslandsRun& r : runs) sum += r.accuracy();
  return sum / static_cast<double>(runs.size());
}

}  // namespace

void more_neurons(Run& run) {
  const Settings& settings = run.settings();

  // 1. The data: a hundred numbers, with the answer 1 on two islands.
  const Points points = island_points();
  const auto yes = std::count(points.y.begin(), points.y.end(), 1.0f);

  run.story("Lesson 06: four borders, and how many neurons hold them",
            {"The answer is yes from -10 to -5 and again from 5 to 10: two islands with a border "
             "on each side. A hidden sigmoid steps up or down at one place, so it can stand on one "
             "border. Four are needed, and a network with fewer cannot do it, however long it "
             "trains.",
             "Four neurons can, but each of them would have to come to another border by itself. "
             "With more of them it is likelier that every border gets one."});
  run.fact("data", "100 numbers from -20 to 20: " + std::to_string(points.size() - yes) +
                       " with the answer 0, " + std::to_string(yes) + " with the answer 1");
  run.fact("model", "1-H-1, sigmoid on both layers, H = 1 to 9; 3 H + 1 parameters");

  // 2. The trainings: each size from several starts. Accuracy is over the points that are learned from:
  //    the question is what a network can hold, not how well it guesses.
  const std::vector<int>& sizes = run.options().smoke ? kSmokeSizes : kSizes;
  const int starts = run.options().smoke ? kSmokeStarts : kStarts;
  run.short_trainings(static_cast<int>(sizes.size()) * starts);
  Table table{{"hidden neurons", "starts solved", "best accuracy", "mean", "worst", "best loss"}};
  std::vector<std::vector<IslandsRun>> groups;
  for (const int hidden : sizes) {
    std::vector<IslandsRun>& group = groups.emplace_back();
    double worst = 1;
    for (int start = 0; start < starts; ++start) {
      const std::uint64_t seed = settings.seed + static_cast<std::uint64_t>(start);
      group.push_back(train_islands(
          run, "h" + std::to_string(hidden) + "_seed_" + std::to_string(seed), hidden,
          Activation::sigmoid, seed, points, hidden == sizes.back() && solved_of(group) == 0));
      worst = std::min(worst, group.back().accuracy());
    }
    table.push_back({std::to_string(hidden),
                     std::to_string(solved_of(group)) + " of " + std::to_string(starts),
                     percent(best_of(group).accuracy()), percent(mean_accuracy(group)),
                     percent(worst), fixed(best_of(group).log.last_test().loss, 4)});
  }
  run.table("How many starts each size solves", table);

  // 3. The figures.
  const auto three =
      static_cast<std::size_t>(std::find(sizes.begin(), sizes.end(), kBorders - 1) - sizes.begin());
  Chart losses{.title = "Loss over all points", .x_label = "epoch", .y_label = "cross-entropy"};
  Chart accuracies{.title = "Right answers",
                   .x_label = "epoch",
                   .y_label = "of the 100 points",
                   .percent_y = true,
                   .key_below = true,
                   .y_high = 1.05};
  Curve each{.name = "each start", .points = true, .line = false};
  Curve means{.name = "mean", .points = true};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::string size = "H = " + std::to_string(sizes[i]);
    const TrainingLog& log = best_of(groups[i]).log;
    const std::string colour =
        colour_in_series(static_cast<double>(i) / static_cast<double>(sizes.size() - 1));
    losses.curves.push_back(
        {.name = size, .x = log.epochs(), .y = log.test_losses(), .colour = colour});
    accuracies.curves.push_back(
        {.name = size, .x = log.epochs(), .y = log.test_accuracies(), .colour = colour});
    for (std::size_t start = 0; start < groups[i].size(); ++start) {
      each.x.push_back(sizes[i] + kBeside * (static_cast<double>(start) - (starts - 1) / 2.0));
      each.y.push_back(groups[i][start].accuracy());
    }
    means.x.push_back(sizes[i]);
    means.y.push_back(mean_accuracy(groups[i]));
  }
  run.figure(save_charts(run.figure_file("fit", "How the models come to fit the points", kNet),
                         {island_chart("H = 3: one border too few", best_of(groups[three]), points),
                          island_chart("H = 9", best_of(groups.back()), points)}),
             "The points, and the model's probability of yes as it learns, for the best start of "
             "three and of nine neurons.");
  run.figure(save_charts(run.figure_file("accuracy", "What each size reaches", kNet),
                         {{.title = "",
                           .x_label = "hidden neurons",
                           .y_label = "right answers",
                           .curves = {means, each},
                           .percent_y = true,
                           .key_below = true,
                           .y_low = *std::min_element(each.y.begin(), each.y.end()) - 0.05,
                           .y_high = 1.03}}),
             "The accuracy of every start in the end, and the mean of each size.");
  run.figure(
      save_charts(run.figure_file("training", "How the best start of each size went", kNet),
                  {losses, accuracies}),
      "Loss and accuracy over all points after each epoch, for the best start of each size.");

  // 4. The claims, and what to try next.
  int solved_by_few = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i)
    solved_by_few += sizes[i] < kBorders ? solved_of(groups[i]) : 0;
  run.claim("fewer than four hidden neurons never solve it", solved_by_few == 0,
            std::to_string(solved_by_few));
  if (run.options().smoke) {
    const double one = best_of(groups.front()).log.last_test().loss;
    const double nine = best_of(groups.back()).log.last_test().loss;
    run.claim("nine end with a smaller loss than one", nine < one,
              fixed(nine, 4) + " beside " + fixed(one, 4));
  } else {
    run.claim("nine solve it from at least " + std::to_string(kSolvedByMost) + " of " +
                  std::to_string(starts) + " starts",
              solved_of(groups.back()) >= kSolvedByMost,
              std::to_string(solved_of(groups.back())) + " of " + std::to_string(starts));
  }
  run.exercises({"lessons/run 06 --epochs 5000: do four neurons get there with patience?",
                 "lessons/run 06 --lr 0.01: which sizes are hurt most by the smaller step?",
                 "lessons/run 06 --batch 10: ten steps an epoch, each by a tenth of the points."});
}

}  // namespace lessons
