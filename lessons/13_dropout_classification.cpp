// Lesson 13: dropout against overfitting.
//
// A network with 90,000 weights and a thousand noisy points: it has room to bend its border around single
// points, which says nothing about new ones. It overfits. Dropout switches off half of the hidden neurons
// at random in each step, so that none can rely on the others.

#include <cmath>

#include "support/overfitting.h"
#include "support/small_models.h"
#include "support/text.h"
#include "weft/autograd.h"
#include "weft/ops/softmax.h"

namespace lessons {

using namespace weft;

namespace {

constexpr std::int64_t kPoints = 1000, kSmokePoints = 100;
constexpr std::int64_t kHidden = 300, kClasses = 2;
constexpr double kTrainNoise = 0.28, kValidationNoise = 0.15;
constexpr double kDropout = 0.5;
constexpr int kSeeds = 3, kSmokeSeeds = 1;
constexpr double kGain = 0.01;        // of the validation points
constexpr double kSmokeClaim = 0.60;  // of the validation points
constexpr double kLow = -0.5, kHigh = 1.5;
constexpr int kCells = 100, kSmokeCells = 40;  // of the regions in each direction
constexpr std::size_t kDrawn = 300;            // of the points: all of them would hide the borders
constexpr const char* kNet = "2-300-300-2 ReLU, cross-entropy, Adam";

/// Points of the plane with a class each.
struct Sample {
  std::vector<float> x;              // [points, 2]
  std::vector<std::int32_t> labels;  // [points]
  std::int64_t size() const { return static_cast<std::int64_t>(labels.size()); }
  Dataset dataset() const {
    return {from_values(x, {size(), 2}), from_values(labels, {size()}), kClasses};
  }
};

double truth(double x1, double x2) { return -1 + x1 + 2 * x2 + x1 * x2 - 3 * x1 * x1 + x2 * x2; }

/// The x2 at which truth(x1, x2) is 0.
double true_border(double x1) {
  const double b = 2 + x1, c = -1 + x1 - 3 * x1 * x1;
  return (std::sqrt(b * b - 4 * c) - b) / 2;
}

/// Points uniform in the unit square. They get their class first and are moved then, so that near the
/// border no rule is right about all of them.
Sample draw_points(Generator& generator, std::int64_t count, double noise) {
  Tensor places = empty({count, 2}), moves = empty({count, 2});
  uniform_(places, 0, 1, generator.next());
  normal_(moves, 0, noise, generator.next());
  Sample sample{places.to_vector<float>(), {}};
  const auto by = moves.to_vector<float>();
  for (std::size_t i = 0; i < sample.x.size(); i += 2) {
    sample.labels.push_back(
        truth(static_cast<double>(sample.x[i]), static_cast<double>(sample.x[i + 1])) > 0 ? 1 : 0);
    sample.x[i] += by[i];
    sample.x[i + 1] += by[i + 1];
  }
  return sample;
}

/// What the true border would get right.
double accuracy_of_truth(const Sample& sample) {
  int right = 0;
  for (std::size_t i = 0; i < sample.labels.size(); ++i)
    right += (truth(static_cast<double>(sample.x[2 * i]),
                    static_cast<double>(sample.x[2 * i + 1])) > 0) == (sample.labels[i] == 1);
  return static_cast<double>(right) / static_cast<double>(sample.size());
}

/// The points and the true border over the model's probability of class 1.
Chart region_chart(const std::string& title, const Sample& sample, nn::Module& model,
                   const Run& run) {
  Chart chart{.title = title, .x_label = "x1", .y_label = "x2"};
  for (const int label : {0, 1}) {
    Curve curve{.name = "y = " + std::to_string(label), .points = true, .line = false};
    for (std::size_t i = 0; i < sample.labels.size() && i < kDrawn; ++i) {
      if (sample.labels[i] != label) continue;
      curve.x.push_back(static_cast<double>(sample.x[2 * i]));
      curve.y.push_back(static_cast<double>(sample.x[2 * i + 1]));
    }
    chart.curves.push_back(curve);
  }
  Curve border{.name = "true border", .dashed = true, .colour = "#111827"};
  for (int i = 0; i <= 100; ++i) {
    border.x.push_back(i / 100.0);
    border.y.push_back(true_border(i / 100.0));
  }
  chart.curves.push_back(border);

  const int cells = run.options().smoke ? kSmokeCells : kCells;
  chart.regions = {kLow, kHigh, kLow, kHigh, cells, cells, {}};
  const NoGrad off;
  const nn::EvaluationMode evaluation(model);
  const Tensor x = from_values(middles_of(chart.regions), {cells * cells, 2}).to(run.device());
  const auto shares = softmax(model(x)).to_vector<float>();
  for (std::size_t i = 1; i < shares.size(); i += kClasses)
    chart.regions.values.push_back(shares[i]);
  return chart;
}

}  // namespace

void dropout_classification(Run& run) {
  const Settings& settings = run.settings();
  const int seeds = run.options().smoke ? kSmokeSeeds : kSeeds;
  const std::int64_t points = run.options().smoke ? kSmokePoints : kPoints;

  run.story(
      "Lesson 13: dropout keeps a network from learning its points by heart",
      {"The points have their class from a smooth border, but were moved about afterwards: "
       "near the border each class has strays among the other. A large network can bend its "
       "border around every one of them: it overfits, which is to learn the points by heart.",
       "Dropout sets each hidden neuron to zero with probability p in every step and scales "
       "the others up by 1 / (1 - p). In evaluation all of them are on. It is trained without "
       "(p = 0) and with it (p = 0.5), from the same start, and judged by new points, which "
       "were moved less."});
  run.fact("data", grouped(points) + " training points, jittered by 0.28, and " + grouped(points) +
                       " validation points, jittered by 0.15");
  run.fact("model", "2-300-300-2 with ReLU, dropout behind both hidden layers; " +
                        std::to_string(seeds) + (seeds == 1 ? " seed" : " seeds"));

  // 1. The trainings. Each seed draws its own points and its own start, which both models share.
  run.short_trainings(2 * seeds);
  std::vector<JudgedTraining> without, with;
  std::vector<Chart> regions;
  double truth_on_train = 0, truth_on_validation = 0;
  Table table{{"", "training, loss", "accuracy", "validation, loss", "accuracy"}};
  for (int i = 0; i < seeds; ++i) {
    const std::uint64_t seed = settings.seed + static_cast<std::uint64_t>(i);
    for (const double p : {0.0, kDropout}) {
      Generator generator(seed);
      const Sample train_points = draw_points(generator, points, kTrainNoise);
      const Sample validation_points = draw_points(generator, points, kValidationNoise);
      const Dataset train = train_points.dataset().to(run.device());
      const Dataset validation = validation_points.dataset().to(run.device());
      nn::Sequential model{nn::Linear(2, kHidden, generator),
                           nn::ReLU(),
                           nn::Dropout(p, generator),  // another mask in each step
                           nn::Linear(kHidden, kHidden, generator),
                           nn::ReLU(),
                           nn::Dropout(p, generator),
                           nn::Linear(kHidden, kClasses, generator)};
      model.to(run.device());

      const std::string name = "p_" + shortest(p) + "_seed_" + std::to_string(seed);
      auto& trained = p == 0 ? without : with;
      trained.push_back(train_and_judge(run, name, model, train, validation, seed));
      run.save_model(name, model, p > 0 && i == 0);
      const JudgedTraining& t = trained.back();
      table.push_back({"p = " + shortest(p) + ", seed " + std::to_string(seed),
                       fixed(t.train.loss, 4), percent(t.train.accuracy()),
                       fixed(t.validation.loss, 4), percent(t.validation.accuracy())});
      if (i == 0) regions.push_back(region_chart("p = " + shortest(p), train_points, model, run));
      if (p > 0) continue;
      truth_on_train += accuracy_of_truth(train_points) / seeds;
      truth_on_validation += accuracy_of_truth(validation_points) / seeds;
    }
  }

  // 2. What came of it.
  const auto validation_accuracy = [](const auto& t) { return t.validation.accuracy(); };
  const auto mean_row = [](const std::string& name, const std::vector<JudgedTraining>& trained) {
    const auto mean = [&](const auto& value) { return mean_of(trained, value); };
    return std::vector<std::string>{
        name, fixed(mean([](const auto& t) { return t.train.loss; }), 4),
        percent(mean([](const auto& t) { return t.train.accuracy(); })),
        fixed(mean([](const auto& t) { return t.validation.loss; }), 4),
        percent(mean([](const auto& t) { return t.validation.accuracy(); }))};
  };
  table.push_back(mean_row("p = 0, mean", without));
  table.push_back(mean_row("p = 0.5, mean", with));
  table.push_back(
      {"the true border", "", percent(truth_on_train), "", percent(truth_on_validation)});
  run.table("Without and with dropout, in evaluation mode", table);

  // 3. The figures.
  run.figure(
      save_charts(run.figure_file("regions", "Where each network puts its border", kNet), regions),
      "The first 300 training points of the first seed over the probability that each network "
      "gives to y = 1. Without dropout the border bends around single points; with it, it stays "
      "near the true one (dashed).");
  run.figure(
      save_charts(run.figure_file("losses", "Training and validation loss", kNet),
                  losses_charts("cross-entropy", without, with)),
      "The losses over all points in evaluation mode, mean over the seeds. The validation "
      "points were moved less, so that their loss is lower at first. Without dropout it soon "
      "rises, while that of the training points falls on: what is learned of them no longer "
      "helps on new ones.");

  // 4. The claim, and what to try next.
  const double plain = mean_of(without, validation_accuracy);
  const double dropped = mean_of(with, validation_accuracy);
  if (run.options().smoke)
    run.claim("dropout gets at least " + percent(kSmokeClaim) + " of the validation points",
              dropped >= kSmokeClaim, percent(dropped));
  else
    run.claim("dropout gains at least " + fixed(100 * kGain, 0) +
                  " point on the validation points, mean of " + std::to_string(seeds) + " seeds",
              dropped - plain >= kGain, percent(plain) + " without, " + percent(dropped) + " with");
  run.exercises(
      {"lessons/run 13 --epochs 2000: what becomes of the two validation losses?",
       "lessons/run 13 --epochs 20: stopping early is another way. Does dropout still gain?",
       "lessons/run 13 --batch 100 --epochs 50: as many steps, on a tenth of the points each."});
}

}  // namespace lessons
