#include "support/islands.h"

#include <algorithm>
#include <cmath>

#include "weft/ops/loss.h"
#include "weft/optim.h"

namespace lessons {

using namespace weft;

namespace {

constexpr int kCount = 100, kPlaces = 401;
constexpr double kReach = 20, kIslandBegin = 5, kIslandEnd = 10;  // on both sides of 0
constexpr int kStages = 3;

nn::Sequential island_network(std::int64_t hidden, Activation activation, Generator& generator) {
  const nn::Linear in(1, hidden, generator), out(hidden, 1, generator);
  switch (activation) {
    case Activation::tanh:
      return nn::Sequential(in, nn::Tanh(), out);
    case Activation::relu:
      return nn::Sequential(in, nn::ReLU(), out);
    default:
      return nn::Sequential(in, nn::Sigmoid(), out);
  }
}

}  // namespace

Points island_points() {
  Points points;
  for (const double x : spread(-kReach, kReach, kCount)) {
    points.x.push_back(static_cast<float>(x));
    points.y.push_back(kIslandBegin < std::abs(x) && std::abs(x) < kIslandEnd ? 1.0f : 0.0f);
  }
  return points;
}

IslandsRun train_islands(Run& run, const std::string& name, std::int64_t hidden,
                         Activation activation, std::uint64_t seed, const Points& points,
                         bool is_main) {
  Generator generator(seed);
  nn::Sequential model = island_network(hidden, activation, generator);
  model.to(run.device());
  const std::vector<double> x = spread(-kReach, kReach, kPlaces);
  const std::vector<float> places(x.begin(), x.end());
  std::vector<Curve> stages;
  const int epochs = run.settings().epochs, every = std::max(1, epochs / kStages);
  const auto after = [&](int epoch) {
    if ((epoch % every != 0 || epochs - epoch < every) && epoch != epochs) return;
    stages.push_back({.name = "epoch " + std::to_string(epoch),
                      .x = x,
                      .y = probabilities(model, places, 1, run.device()),
                      .colour = colour_in_series(static_cast<double>(epoch) / epochs)});
  };
  const Dataset data = points.dataset().to(run.device());
  Adam adam(model.parameters(), {.lr = run.settings().lr});
  TrainingLog log = train(run, {.name = name,
                                .model = model,
                                .optimizer = adam,
                                .train = data,
                                .test = data,
                                .loss = binary_cross_entropy_with_logits,
                                .after = after});
  run.save_model(name, model, is_main);
  return {std::move(log), std::move(stages)};
}

const IslandsRun& best_of(const std::vector<IslandsRun>& runs) {
  return *std::max_element(runs.begin(), runs.end(), [](const IslandsRun& a, const IslandsRun& b) {
    const Summary &left = a.log.last_test(), &right = b.log.last_test();
    return left.correct != right.correct ? left.correct < right.correct : left.loss > right.loss;
  });
}

int solved_of(const std::vector<IslandsRun>& runs) {
  return static_cast<int>(
      std::count_if(runs.begin(), runs.end(), [](const IslandsRun& r) { return r.solved(); }));
}

Chart island_chart(const std::string& title, const IslandsRun& trained, const Points& points) {
  Chart chart{.title = title,
              .x_label = "x",
              .y_label = "probability of y = 1",
              .curves = {scatter_of(points, 0), scatter_of(points, 1)},
              .y_low = -0.05,
              .y_high = 1.1};
  chart.curves.insert(chart.curves.end(), trained.stages.begin(), trained.stages.end());
  return chart;
}

}  // namespace lessons
