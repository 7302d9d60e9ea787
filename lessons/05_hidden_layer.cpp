// Lesson 05: a hidden layer of two neurons.
//
// One neuron can say "above" or "below" a border. A yes between two borders needs two of them, and a
// third one that puts them together: the smallest network with a hidden layer.

#include <algorithm>

#include "support/text.h"
#include "support/two_neurons.h"
#include "weft/ops/loss.h"

namespace lessons {

using namespace weft;

namespace {

constexpr int kStarts = 5, kSolved = 4, kSmokeStarts = 1;
constexpr const char* kNet = "1-2-1 sigmoid, SGD in order";

TwoNeuronsRun train_from(Run& run, const std::string& name, std::uint64_t seed,
                         const Points& points, const ScoreLoss& loss, bool is_main) {
  Generator generator(seed);  // the same start for both losses
  TwoNeurons model(generator);
  return train_two_neurons(run, name, model, points, loss, is_main);
}

}  // namespace

void hidden_layer(Run& run) {
  // 1. The data: forty whole numbers, with the answer 1 for the seven in the middle.
  const Points points = middle_points();

  run.story(
      "Lesson 05: two hidden neurons hold a middle between them",
      {"The answer is yes from -3 to 3 and no on both sides. A single sigmoid only rises or only "
       "falls, so it cannot say that. Two of them, each with a border of its own, and a third that "
       "weighs what they say, can.",
       "Each number is shown by itself, in order, a thousand times. The trainings come in pairs, "
       "which start from the same weights and differ in the loss: cross-entropy and squared "
       "error."});
  run.fact("data", "40 whole numbers from -20 to 19: 33 with the answer 0, 7 with the answer 1");
  run.fact("model", "1-2-1, sigmoid on both layers, 7 parameters");

  // 2. The trainings: both losses from each of several starts. Of 60 starts that were tried, 58 reach
  //    100 % with both losses; from the others one border or both are never found, and a single start
  //    would leave it to chance what this lesson shows.
  const int starts = run.options().smoke ? kSmokeStarts : kStarts;
  const double wanted = run.options().smoke ? kAllZeros : 1.0;
  run.short_trainings(2 * starts);
  std::vector<TwoNeuronsRun> entropies, squares;
  Table table{{"start", "cross-entropy, loss", "accuracy", "squared error, loss", "accuracy"}};
  int solved = 0, shown = -1;  // the first that solves it is shown, and is the main model
  for (int start = 0; start < starts; ++start) {
    const std::uint64_t seed = run.settings().seed + static_cast<std::uint64_t>(start);
    const std::string number = "_seed_" + std::to_string(seed);
    entropies.push_back(train_from(run, "cross_entropy" + number, seed, points,
                                   binary_cross_entropy_with_logits, shown < 0));
    squares.push_back(
        train_from(run, "squared_error" + number, seed, points, squared_error, false));
    const Summary& e = entropies.back().log.last_test();
    const Summary& q = squares.back().log.last_test();
    table.push_back({"seed " + std::to_string(seed), fixed(e.loss, 4), percent(e.accuracy()),
                     fixed(q.loss, 4), percent(q.accuracy())});
    if (e.accuracy() < wanted || q.accuracy() < wanted) continue;
    ++solved;
    if (shown < 0) shown = start;
  }

  // 3. What came of it. The figures are of the first start that solved it with both losses.
  run.table("The same starts with two losses", table);
  const TwoNeuronsRun& entropy = entropies[static_cast<std::size_t>(std::max(shown, 0))];
  const TwoNeuronsRun& squared = squares[static_cast<std::size_t>(std::max(shown, 0))];

  // 4. The figures.
  run.figure(save_charts(run.figure_file("fit", "How the model comes to fit the points", kNet),
                         {fit_chart("cross-entropy", entropy, points),
                          fit_chart("squared error", squared, points)}),
             "The points, and the model's probability of yes as it learns, from the first start "
             "that reaches its goal with both losses.");
  run.figure(
      save_charts(run.figure_file("hidden", "What the hidden neurons make of the points", kNet),
                  {hidden_chart("cross-entropy", entropy, points),
                   hidden_chart("squared error", squared, points)}),
      "Each point by what the two hidden neurons say about it. On the line of numbers no single "
      "border parts the colours; here a straight line does.");
  const auto curve = [](const char* name, const TrainingLog& log, const std::vector<double>& y) {
    return Curve{.name = name, .x = log.epochs(), .y = y};
  };
  run.figure(
      save_charts(run.figure_file("training", "How the trainings went", kNet),
                  {{.title = "Each training's own loss",
                    .x_label = "epoch",
                    .y_label = "loss over all points",
                    .curves = {curve("cross-entropy", entropy.log, entropy.log.test_losses()),
                               curve("squared error", squared.log, squared.log.test_losses())}},
                   {.title = "Right answers",
                    .x_label = "epoch",
                    .y_label = "of the 40 points",
                    .curves = {curve("cross-entropy", entropy.log, entropy.log.test_accuracies()),
                               curve("squared error", squared.log, squared.log.test_accuracies())},
                    .percent_y = true,
                    .key_below = true,
                    .y_low = 0,
                    .y_high = 1.05}}),
      "Loss and accuracy over all points after each epoch. The two losses are not on one scale.");

  // 5. The claim, and what to try next.
  const int needed = run.options().smoke ? kSmokeStarts : kSolved;
  run.claim("both losses reach at least " + percent(wanted) + " from " + std::to_string(needed) +
                " of " + std::to_string(starts) + (starts == 1 ? " start" : " starts"),
            solved >= needed, std::to_string(solved) + " of " + std::to_string(starts));
  run.exercises(
      {"lessons/run 05 --seed 6: other starts. Are there some that stay at 82.5 %, the answer no "
       "to everything?",
       "lessons/run 05 --epochs 100: which loss is faster?",
       "lessons/run 05 --batch 40 --lr 2: all points at once. What changes?"});
}

}  // namespace lessons
