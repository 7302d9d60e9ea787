// Lesson 01: a bad start.
//
// The smallest model that decides between yes and no: one weight, one bias and a sigmoid. With the
// squared error it learns its twenty points from almost everywhere, but not from everywhere: there are
// places where the ground is so flat that a training does not move.

#include <algorithm>

#include "support/logistic.h"
#include "support/text.h"
#include "weft/ops/loss.h"

namespace lessons {

using namespace weft;

namespace {

constexpr int kRandomStarts = 5, kSmokeRandomStarts = 1;
constexpr int kFlatter = 1000;  // the gradient is more than so many times smaller
constexpr const char* kNet = "1-1 sigmoid, squared error, SGD in order";

std::string colour(std::size_t start) {
  return start == 0 ? "#c2410c" : start == 1 ? "#6b2172" : "#e8a412";
}

// Only the first of the random starts has a place in the key.
std::string key(std::size_t start) {
  return start == 0 ? "bad start" : start == 1 ? "zero start" : start == 2 ? "random starts" : "";
}

}  // namespace

void logistic_bad_start(Run& run) {
  // 1. The data: twenty numbers, with the answer 1 for those above 0.2.
  const Points points = logistic_points();
  const auto zeros = std::count(points.y.begin(), points.y.end(), 0.0f);

  run.story("Lesson 01: the same model, learning or stuck, by where it starts",
            {"Logistic regression draws a line w x + b through the numbers and bends it by the "
             "sigmoid into a probability. It has only two parameters, so all that can happen to it "
             "fits on a map: each place is a weight and a bias, and its height is the loss there.",
             "Training walks downhill on that map. The squared error has wide plains, far from the "
             "valley, on which the sigmoid is almost 0 or 1 for every point and the slope is "
             "almost nothing. A training that starts there stays there."});
  run.fact("data", "20 numbers from -1.0 to 0.9: 13 with the answer 0, 7 with the answer 1");
  run.fact("model", "1-1 sigmoid, 2 parameters; loss: mean squared error");

  // 2. The trainings. They differ in their start alone: a bad one, zero, and some at random in ±1,
  //    where this library starts a layer with one input.
  const int random_starts = run.options().smoke ? kSmokeRandomStarts : kRandomStarts;
  run.short_trainings(2 + random_starts);
  std::vector<LogisticRun> runs;
  nn::Linear bad = logistic_model(kBadWeight, kBadBias, run.device());
  runs.push_back(train_logistic(run, "bad_start", bad, points, squared_error));
  nn::Linear zero = logistic_model(0, 0, run.device());
  runs.push_back(train_logistic(run, "zero_start", zero, points, squared_error));
  run.save_model("model", zero, false);
  Generator generator(run.settings().seed);
  for (int i = 1; i <= random_starts; ++i) {
    nn::Linear model(1, 1, generator);
    model.to(run.device());
    runs.push_back(
        train_logistic(run, "random_start_" + std::to_string(i), model, points, squared_error));
  }

  // 3. How flat is it at the bad start? The gradient tells, for this loss and for another one.
  const double flat = gradient_norm(points, squared_error, kBadWeight, kBadBias, run.device());
  const double steep =
      gradient_norm(points, binary_cross_entropy_with_logits, kBadWeight, kBadBias, run.device());

  Table table{{"", "start w, b", "end w, b", "loss", "accuracy"}};
  int solved = 0;
  for (const LogisticRun& r : runs) {
    std::string name = r.name;
    std::replace(name.begin(), name.end(), '_', ' ');
    table.push_back({name, place_of(r, 0), place_of(r, r.w.size() - 1),
                     fixed(r.log.last_test().loss, 4), percent(r.log.last_test().accuracy())});
    if (&r != &runs.front() && r.log.last_test().correct == points.size()) ++solved;
  }
  run.table("Where each start ends", table);

  // 4. The figures.
  std::vector<Path> paths;
  Chart losses{.title = "Loss over all points",
               .x_label = "epoch",
               .y_label = "squared error",
               .y_low = 0,
               .y_high = 0.5};
  Chart accuracies{.title = "Right answers",
                   .x_label = "epoch",
                   .y_label = "of the 20 points",
                   .percent_y = true,
                   .key_below = true,
                   .y_low = 0,
                   .y_high = 1.05};
  for (std::size_t i = runs.size(); i-- > 0;) {  // the bad start and zero on top of the others
    const TrainingLog& log = runs[i].log;
    paths.push_back(path_of(runs[i], points, squared_error_of, key(i), colour(i)));
    losses.curves.push_back(
        {.name = key(i), .x = log.epochs(), .y = log.test_losses(), .colour = colour(i)});
    accuracies.curves.push_back(
        {.name = key(i), .x = log.epochs(), .y = log.test_accuracies(), .colour = colour(i)});
  }
  run.figure(save_surface(run.figure_file("loss_surface", "The map of the squared error", kNet),
                          loss_surface(points, squared_error_of, "loss"), paths),
             "The loss over weight and bias, in space and from above. A ring is where a training "
             "starts, a point where it ends. The bad start, in red, has not left its place: its "
             "ring is its point.");
  run.figure(save_charts(run.figure_file("fit", "How the model comes to fit the points", kNet),
                         fit_charts(runs[1], points, "zero start")),
             "The sigmoid, and the straight line that it bends, as the zero start learns.");
  run.figure(save_charts(run.figure_file("training", "How the trainings went", kNet),
                         {losses, accuracies}),
             "Loss and accuracy over all points after each epoch, for every start.");

  // 5. The claims, and what to try next.
  const Summary& stuck = runs.front().log.last_test();
  run.claim("the bad start stays at the " +
                percent(static_cast<double>(zeros) / static_cast<double>(points.size())) +
                " of answering 0 to everything",
            stuck.correct == zeros, percent(stuck.accuracy()));
  run.claim(
      "its gradient there is over " + grouped(kFlatter) + " times smaller than with cross-entropy",
      steep > kFlatter * flat,
      shortest(static_cast<float>(flat)) + " beside " + shortest(static_cast<float>(steep)) + ", " +
          grouped(static_cast<std::int64_t>(steep / flat)) + " times");
  run.claim("every other start reaches 100 %", solved == 1 + random_starts,
            std::to_string(solved) + " of " + std::to_string(1 + random_starts));
  run.exercises({"lessons/run 01 --epochs 5000: does patience help the bad start?",
                 "lessons/run 01 --lr 0.1: the good starts are slower now. Do they still arrive, "
                 "and what does the bad start do?",
                 "lessons/run 02: the same bad start with another loss."});
}

}  // namespace lessons
