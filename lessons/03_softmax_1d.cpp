// Lesson 03: softmax on a line.
//
// One output decides between two classes. For three there are three: each class has a straight line over
// x, its score, and the highest line wins. Softmax turns the three scores into probabilities; the winner
// stays the same.

#include <algorithm>

#include "support/small_models.h"
#include "support/text.h"
#include "weft/autograd.h"
#include "weft/ops/reduction.h"
#include "weft/ops/softmax.h"
#include "weft/optim.h"

namespace lessons {

using namespace weft;

namespace {

constexpr int kFirst = -20, kLast = 19, kBorder = 10;  // tenths: class 1 between -1 and 1
constexpr std::int64_t kClasses = 3;
constexpr int kStages = 6;    // the lines are drawn so many times, evenly over the training
constexpr int kPlaces = 401;  // from -2 to 2, a hundredth apart
constexpr double kLow = -2, kHigh = 2;
constexpr double kClaim = 0.95, kSmokeClaim = 0.80;
constexpr const char* kNet = "1-3 softmax, cross-entropy, SGD in order";
constexpr const char* kColours[] = {"#2563eb", "#c2410c", "#e8a412"};  // of the classes

/// The numbers -2.0 ... 1.9 and their classes. Both are made from integers: adding up steps of 0.1 would
/// leave it to rounding on which side of a border -1 and 1 lie.
Dataset three_classes() {
  std::vector<float> x;
  std::vector<std::int32_t> labels;
  for (int tenths = kFirst; tenths <= kLast; ++tenths) {
    x.push_back(static_cast<float>(tenths) / 10);
    labels.push_back(tenths <= -kBorder ? 0 : tenths < kBorder ? 1 : 2);
  }
  const auto count = static_cast<std::int64_t>(x.size());
  return {from_values(x, {count, 1}), from_values(labels, {count}), kClasses};
}

/// What the model says over x: scores, the probabilities made of them, and what each decides.
struct Answers {
  std::vector<double> x;
  std::vector<float> scores, probabilities;            // [x, classes]
  std::vector<std::int32_t> by_score, by_probability;  // the largest of each
};

Answers answers_at(nn::Module& model, const std::vector<float>& x, Device device) {
  const NoGrad off;
  const auto count = static_cast<std::int64_t>(x.size());
  const Tensor scores = model(from_values(x, {count, 1}).to(device));
  const Tensor probabilities = softmax(scores);
  return {{x.begin(), x.end()},
          scores.to_vector<float>(),
          probabilities.to_vector<float>(),
          argmax(scores).to_vector<std::int32_t>(),
          argmax(probabilities).to_vector<std::int32_t>()};
}

int disagreements(const Answers& answers) {
  int count = 0;
  for (std::size_t i = 0; i < answers.x.size(); ++i)
    count += answers.by_score[i] != answers.by_probability[i] ? 1 : 0;
  return count;
}

/// Column `c` of values [x, classes] as a curve over x.
Curve curve_of(const Answers& answers, const std::vector<float>& values, std::size_t c) {
  Curve curve{.name = "class " + std::to_string(c), .x = answers.x, .colour = kColours[c]};
  for (std::size_t i = c; i < values.size(); i += kClasses)
    curve.y.push_back(static_cast<double>(values[i]));
  return curve;
}

/// The points of each class in a row at the given height.
std::vector<Curve> points_at(const Dataset& data, double height) {
  std::vector<Curve> rows;
  for (const char* colour : kColours)
    rows.push_back({.name = "", .points = true, .line = false, .colour = colour});
  const auto x = data.inputs().to_vector<float>();
  const auto labels = data.labels().to_vector<std::int32_t>();
  for (std::size_t i = 0; i < x.size(); ++i) {
    Curve& row = rows[static_cast<std::size_t>(labels[i])];
    row.x.push_back(static_cast<double>(x[i]));
    row.y.push_back(height);
  }
  return rows;
}

/// The regions that are decided, each in the colour of its class.
std::vector<Band> decided(const Answers& answers) {
  std::vector<Band> bands;
  int last = -1;
  for (std::size_t i = 0; i + 1 < answers.x.size(); ++i) {
    if (answers.by_score[i] != last)
      bands.push_back({.low = answers.x[i], .colour = kColours[answers.by_score[i]]});
    bands.back().high = answers.x[i + 1];
    last = answers.by_score[i];
  }
  return bands;
}

Chart lines_chart(const std::string& title, const Answers& answers, const Dataset& data) {
  Chart chart{.title = title,
              .x_label = "x",
              .y_label = "score",
              .y_low = -7,
              .y_high = 5,
              .bands = decided(answers)};
  for (std::size_t c = 0; c < kClasses; ++c)
    chart.curves.push_back(curve_of(answers, answers.scores, c));
  for (Curve& row : points_at(data, -6.3)) chart.curves.push_back(std::move(row));
  return chart;
}

/// Where the last place of `below` and the first of `above` meet: between two neighbours of the grid.
std::string border(const Answers& answers, int below, int above) {
  for (std::size_t i = 1; i < answers.x.size(); ++i)
    if (answers.by_score[i - 1] == below && answers.by_score[i] == above)
      return fixed((answers.x[i - 1] + answers.x[i]) / 2, 2);
  return "none";
}

}  // namespace

void softmax_1d(Run& run) {
  const Settings& settings = run.settings();

  // 1. The data: forty numbers of three classes.
  const Dataset data = three_classes();
  const Dataset on_device = data.to(run.device());

  run.story("Lesson 03: three lines, and the highest one wins",
            {"Up to -1 the class is 0, from 1 on it is 2, and 1 between them. A linear layer with "
             "three outputs draws a straight line for each class: its score at x. The class with "
             "the highest score is the answer.",
             "Softmax makes probabilities of the scores: each becomes e to its power, divided by "
             "the sum of the three. Training needs them, for the cross-entropy; the decision does "
             "not, because a higher score is always a higher probability."});
  run.fact("data", "40 numbers from -2.0 to 1.9: 11 of class 0, 19 of class 1, 10 of class 2");
  run.fact("model", "1-3 softmax, 6 parameters");

  // 2. The model and its training. What it says is looked at over a fine grid as it learns.
  Generator generator(settings.seed);
  nn::Linear model(1, kClasses, generator);
  model.to(run.device());
  std::vector<float> places;
  for (const double x : spread(kLow, kHigh, kPlaces)) places.push_back(static_cast<float>(x));
  std::vector<Chart> stages;
  const int every = std::max(1, settings.epochs / kStages);
  Sgd sgd(model.parameters(), {.lr = settings.lr});
  const TrainingLog log =
      train(run, {.name = "softmax",
                  .model = model,
                  .optimizer = sgd,
                  .train = on_device,
                  .test = on_device,
                  .order = in_order,
                  .after = [&](int epoch) {
                    if (epoch % every != 0 || epoch / every > kStages) return;
                    stages.push_back(lines_chart("epoch " + std::to_string(epoch),
                                                 answers_at(model, places, run.device()), data));
                  }});
  run.save_model("softmax", model);

  // 3. The two decisions, at the points and over the grid.
  const Answers at_points = answers_at(model, data.inputs().to_vector<float>(), run.device());
  const Answers over_x = answers_at(model, places, run.device());
  const int differences = disagreements(at_points) + disagreements(over_x);
  run.table("Deciding by the lines and by the probabilities",
            {{"", "the 40 points", "401 places from -2 to 2"},
             {"decided differently", std::to_string(disagreements(at_points)),
              std::to_string(disagreements(over_x))}});
  run.table("Where the borders lie", {{"", "true", "found"},
                                      {"0 and 1", "-1.0 to -0.9", border(over_x, 0, 1)},
                                      {"1 and 2", "0.9 to 1.0", border(over_x, 1, 2)}});

  // 4. The figures.
  Chart scores = lines_chart("scores: three straight lines", over_x, data);
  Chart chances{.title = "softmax: three probabilities",
                .x_label = "x",
                .y_label = "probability",
                .y_low = -0.1,
                .y_high = 1.05,
                .bands = scores.bands};
  for (std::size_t c = 0; c < kClasses; ++c)
    chances.curves.push_back(curve_of(over_x, over_x.probabilities, c));
  for (Curve& row : points_at(data, -0.05)) chances.curves.push_back(std::move(row));
  run.figure(
      save_charts(
          run.figure_file("decision", "Three lines, three probabilities, one decision", kNet),
          {scores, chances}),
      "The score and the probability of each class over x, with the points in the colours of their "
      "classes below. The shade is the class that is decided. The highest line and the largest "
      "probability change at the same places.");
  run.figure(save_charts(run.figure_file("lines", "How the lines turn", kNet), stages, 4),
             "The three lines as they learn. Class 1 is never far up; it wins in the middle "
             "because the lines of its neighbours are low there.");
  run.figure(save_charts(run.figure_file("training", "How the training went", kNet),
                         {{.title = "Loss over all points",
                           .x_label = "epoch",
                           .y_label = "cross-entropy",
                           .curves = {{.name = "", .x = log.epochs(), .y = log.test_losses()}}},
                          {.title = "Right answers",
                           .x_label = "epoch",
                           .y_label = "of the 40 points",
                           .curves = {{.name = "", .x = log.epochs(), .y = log.test_accuracies()}},
                           .percent_y = true,
                           .y_low = 0,
                           .y_high = 1.05}}),
             "Loss and accuracy over all points after each epoch.");

  // 5. The claims, and what to try next.
  const double claim = run.options().smoke ? kSmokeClaim : kClaim;
  run.claim("at least " + percent(claim, 0) + " of the points are answered right",
            log.last_test().accuracy() >= claim, percent(log.last_test().accuracy()));
  run.claim("the highest score and the largest probability decide the same everywhere",
            differences == 0,
            std::to_string(differences) + " differences in " +
                std::to_string(at_points.x.size() + over_x.x.size()) + " places");
  run.exercises(
      {"lessons/run 03 --epochs 10: does each class win somewhere yet? Look at the borders.",
       "lessons/run 03 --epochs 5000: the lines get steeper. What does that do to the "
       "probabilities?",
       "lessons/run 03 --lr 1: a hundred times the step. Does it still arrive?"});
}

}  // namespace lessons
