// Lesson 12: three spirals, and why batches are shuffled.
//
// The arms of the spirals wind around one another. A wide hidden layer learns them, and so do two or three
// narrow ones with fewer weights in all. And it matters in what order the points are shown: a network that
// sees one class at a time forgets the others meanwhile.

#include <algorithm>

#include "support/predictions.h"
#include "support/spirals.h"
#include "support/text.h"
#include "support/training.h"
#include "weft/optim.h"

namespace lessons {

using namespace weft;

namespace {

constexpr std::int64_t kWide = 50, kNarrow = 10;
// The deep networks take steps of a tenth, and ten times as many.
constexpr int kSlower = 10;
constexpr double kWideClaim = 0.95, kDeepClaim = 0.97;  // of the points
constexpr double kOrderCosts = 0.08;
constexpr double kSmokeClaim = 0.45;  // chance is a third
constexpr const char* kNet = "ReLU networks, cross-entropy, SGD";

struct Network {
  std::string name, title;
  nn::Sequential model;
  OrderOfEpoch order;
  int slower;
};

}  // namespace

void spirals(Run& run) {
  const Settings& settings = run.settings();

  // 1. The data: points and the arm that each belongs to. The question is what a network can hold and
  //    how it gets there, so it is judged by the points that it learns from.
  Generator generator(settings.seed);
  const Spirals points = draw_spirals(
      generator, run.options().smoke ? Spirals::kSmokePointsOfArm : Spirals::kPointsOfArm);
  const Dataset data = points.dataset().to(run.device());

  run.story("Lesson 12: three spirals, wide and deep networks, and the order of the points",
            {"Three arms wind around one another. ReLU neurons draw straight borders; a network "
             "has to put many of them together to follow the bends, either of many neurons side by "
             "side or of few in several layers.",
             "The points lie in memory arm after arm. In this order each batch holds a single "
             "class, and the quickest way to lower its loss is to answer that class everywhere. "
             "Shuffled batches hold all three."});
  run.fact("data", grouped(data.size()) + " points, " + grouped(data.size() / Spirals::kArms) +
                       " in each of 3 arms, their angles jittered by 0.2");

  // 2. The models, all with ReLU, and how each is trained. The first two start from the same weights.
  const auto wide = [&] {
    Generator weights(settings.seed + 1);
    return nn::Sequential{nn::Linear(2, kWide, weights), nn::ReLU(),
                          nn::Linear(kWide, Spirals::kArms, weights)};
  };
  nn::Sequential two_layers{nn::Linear(2, kNarrow, generator), nn::ReLU(),
                            nn::Linear(kNarrow, kNarrow, generator), nn::ReLU(),
                            nn::Linear(kNarrow, Spirals::kArms, generator)};
  nn::Sequential three_layers{nn::Linear(2, kNarrow, generator),
                              nn::ReLU(),
                              nn::Linear(kNarrow, kNarrow, generator),
                              nn::ReLU(),
                              nn::Linear(kNarrow, kNarrow, generator),
                              nn::ReLU(),
                              nn::Linear(kNarrow, Spirals::kArms, generator)};
  const OrderOfEpoch mixed = shuffled(settings.seed);
  std::vector<Network> networks{
      {"in_order", "2-50-3, in order", wide(), in_order, 1},
      {"shuffled", "2-50-3, shuffled", wide(), mixed, 1},
      {"two_layers", "2-10-10-3, shuffled", two_layers, mixed, kSlower},
      {"three_layers", "2-10-10-10-3, shuffled", three_layers, mixed, kSlower}};
  run.fact("models", "2-50-3 at learning rate " + shortest(settings.lr) +
                         "; 2-10-10-3 and 2-10-10-10-3 at a tenth of it, ten times as long");

  // 3. The trainings.
  run.short_trainings(static_cast<int>(networks.size()));
  std::vector<TrainingLog> logs;
  std::vector<Chart> regions;
  Table ends{{"network", "parameters", "epochs", "loss", "accuracy", "seconds"}};
  Table arms{{"network", "arm 1", "arm 2", "arm 3"}};
  for (Network& network : networks) {
    network.model.to(run.device());
    Sgd sgd(network.model.parameters(), {.lr = settings.lr / network.slower});
    logs.push_back(train(run, {.name = network.name,
                               .model = network.model,
                               .optimizer = sgd,
                               .train = data,
                               .test = data,
                               .order = network.order,
                               .epochs = settings.epochs * network.slower}));
    run.save_model(network.name, network.model, network.name == "shuffled");
    const TrainingLog& log = logs.back();
    ends.push_back({network.title, grouped(network.model.parameter_count()),
                    grouped(settings.epochs * network.slower), fixed(log.last_test().loss, 4),
                    percent(log.last_test().accuracy()), fixed(log.seconds(), 1)});
    const auto confusion = predict(network.model, data).confusion;  // [true arm, said arm]
    std::vector<std::string> row{network.title};
    for (std::size_t arm = 0; arm < Spirals::kArms; ++arm)
      row.push_back(percent(static_cast<double>(confusion[arm * Spirals::kArms + arm]) /
                            static_cast<double>(data.size() / Spirals::kArms)));
    arms.push_back(row);
    regions.push_back(decision_chart(network.title, points, network.model, run.device()));
  }

  // 4. What came of it.
  run.table("Width, depth and order", ends);
  run.table("Right answers on each arm", arms);

  // 5. The figures.
  run.figure(save_charts(run.figure_file("regions", "What each network decides", kNet), regions, 2),
             "The points over the arm that each network says, the paler the less sure. In order, "
             "the arm that was shown last has taken ground from the others.");
  const auto curves = [&](std::size_t first, const std::vector<double>& (TrainingLog::*y)() const) {
    std::vector<Curve> result;
    for (std::size_t i = first; i < first + 2; ++i)
      result.push_back({.name = networks[i].title, .x = logs[i].epochs(), .y = (logs[i].*y)()});
    return result;
  };
  std::vector<Chart> charts;
  for (const std::size_t first : {0u, 2u}) {
    charts.push_back({.title = "Loss over all points",
                      .x_label = "epoch",
                      .y_label = "cross-entropy",
                      .curves = curves(first, &TrainingLog::test_losses)});
    charts.push_back({.title = "Right answers",
                      .x_label = "epoch",
                      .y_label = "of all points",
                      .curves = curves(first, &TrainingLog::test_accuracies),
                      .percent_y = true,
                      .key_below = true,
                      .y_low = 0.2,
                      .y_high = 1.05});
  }
  run.figure(save_charts(run.figure_file("training", "How the trainings went", kNet), charts, 2),
             "Loss and accuracy over all points after each epoch. Above: the wide network, in "
             "order and shuffled. Below: the deep ones, which take smaller steps for longer.");

  // 6. The claims, and what to try next.
  const auto accuracy = [&](std::size_t i) { return logs[i].last_test().accuracy(); };
  if (run.options().smoke) {
    run.claim("shuffled, the wide network gets at least " + percent(kSmokeClaim),
              accuracy(1) >= kSmokeClaim, percent(accuracy(1)));
  } else {
    run.claim("shuffled, the wide network gets at least " + percent(kWideClaim),
              accuracy(1) >= kWideClaim, percent(accuracy(1)));
    run.claim("in order it loses at least " + fixed(100 * kOrderCosts, 0) + " points",
              accuracy(1) - accuracy(0) >= kOrderCosts,
              percent(accuracy(0)) + " against " + percent(accuracy(1)));
    run.claim("the deep ones get at least " + percent(kDeepClaim),
              std::min(accuracy(2), accuracy(3)) >= kDeepClaim,
              percent(accuracy(2)) + " and " + percent(accuracy(3)));
  }
  run.exercises(
      {"lessons/run 12 --batch 1500: all points in each step. Does the order still matter?",
       "lessons/run 12 --epochs 300: do the wide network, and the one that learns in order, catch "
       "up?",
       "lessons/run 12 --lr 0.02: do smaller steps make the order matter less?"});
}

}  // namespace lessons
