// Lesson 02: cross-entropy.
//
// The model, the points and the bad start of lesson 01, with the loss that belongs to a probability.
// Cross-entropy punishes a wrong answer the more, the surer it is; its gradient is the difference of
// probability and answer, which is large exactly where the model is wrong.

#include "support/logistic.h"
#include "support/text.h"
#include "weft/ops/loss.h"

namespace lessons {

using namespace weft;

namespace {

constexpr double kSmokeClaim = 0.80;  // after some of the epochs
constexpr const char* kNet = "1-1 sigmoid, SGD in order";
constexpr const char *kSquaredColour = "#c2410c", *kEntropyColour = "#e8a412";

}  // namespace

void logistic_cross_entropy(Run& run) {
  // 1. The data of lesson 01.
  const Points points = logistic_points();

  run.story("Lesson 02: the right loss has no plains",
            {"Lesson 01 left a model stuck on a plain of the squared error: sure of its answers, "
             "wrong in seven of twenty, and with no slope to walk down. Here the same model starts "
             "at the same place with another loss.",
             "Cross-entropy is -log of the probability that the model gave to the right answer. "
             "The surer a wrong answer, the higher the loss, without end; so its map is steep "
             "wherever the model is wrong."});
  run.fact("data", "20 numbers from -1.0 to 0.9: 13 with the answer 0, 7 with the answer 1");
  run.fact("model", "1-1 sigmoid, 2 parameters; start w = -5, b = -10");

  // 2. Two trainings that differ in the loss alone. Sigmoid and cross-entropy are one function here: it
  //    stays exact where a probability would round to 0 or 1.
  run.short_trainings(2);
  nn::Linear stuck = logistic_model(kBadWeight, kBadBias, run.device());
  const LogisticRun squared = train_logistic(run, "squared_error", stuck, points, squared_error);
  nn::Linear model = logistic_model(kBadWeight, kBadBias, run.device());
  const LogisticRun entropy =
      train_logistic(run, "cross_entropy", model, points, binary_cross_entropy_with_logits);
  run.save_model("model", model, false);

  // 3. What came of it.
  Table table{{"", "gradient at the start", "end w, b", "accuracy before", "accuracy after"}};
  const auto row = [&](const std::string& name, const LogisticRun& r, const ScoreLoss& loss) {
    const double gradient = gradient_norm(points, loss, kBadWeight, kBadBias, run.device());
    table.push_back({name, shortest(static_cast<float>(gradient)), place_of(r, r.w.size() - 1),
                     percent(r.log.first_test().accuracy()),
                     percent(r.log.last_test().accuracy())});
  };
  row("squared error", squared, squared_error);
  row("cross-entropy", entropy, binary_cross_entropy_with_logits);
  run.table("The same start with two losses", table);

  // 4. The figures.
  run.figure(
      save_surface(run.figure_file("loss_surface", "The map of cross-entropy", kNet),
                   loss_surface(points, cross_entropy_of, "loss"),
                   {path_of(entropy, points, cross_entropy_of, "cross-entropy", kEntropyColour),
                    path_of(squared, points, cross_entropy_of, "squared error", kSquaredColour)}),
      "Cross-entropy over weight and bias, in space and from above. Both trainings start at the "
      "ring; the one by the squared error does not leave it.");
  run.figure(
      save_charts(run.figure_file("fit", "How the model comes to fit the points", kNet),
                  fit_charts(entropy, points, "cross-entropy")),
      "The sigmoid, and the straight line that it bends, with cross-entropy from the bad start.");
  const auto curve = [](const LogisticRun& r, const std::vector<double>& y, const char* name,
                        const char* colour) {
    return Curve{.name = name, .x = r.log.epochs(), .y = y, .colour = colour};
  };
  run.figure(
      save_charts(
          run.figure_file("training", "How the trainings went", kNet),
          {{.title = "Each training's own loss",
            .x_label = "epoch",
            .y_label = "loss over all points",
            .curves = {curve(squared, squared.log.test_losses(), "squared error", kSquaredColour),
                       curve(entropy, entropy.log.test_losses(), "cross-entropy", kEntropyColour)}},
           {.title = "Right answers",
            .x_label = "epoch",
            .y_label = "of the 20 points",
            .curves =
                {curve(squared, squared.log.test_accuracies(), "squared error", kSquaredColour),
                 curve(entropy, entropy.log.test_accuracies(), "cross-entropy", kEntropyColour)},
            .percent_y = true,
            .key_below = true,
            .y_low = 0,
            .y_high = 1.05}}),
      "Left: the loss that each training walks down; the two are not on one scale. Right: the "
      "share of the points that is answered right.");

  // 5. The claim, and what to try next.
  const double wanted = run.options().smoke ? kSmokeClaim : 1.0;
  const Summary& after = entropy.log.last_test();
  run.claim("from the bad start cross-entropy reaches " + percent(wanted, 0),
            after.accuracy() >= wanted, percent(after.accuracy()));
  run.exercises(
      {"lessons/run 02 --lr 0.2: a tenth of the step. Which loss still arrives?",
       "lessons/run 02 --epochs 1000: w and b go on growing although every answer is right. Why?",
       "lessons/run 01: the plain on which the squared error is stuck."});
}

}  // namespace lessons
