#include "support/two_neurons.h"

#include <algorithm>

#include "weft/autograd.h"
#include "weft/ops/activation.h"

namespace lessons {

using namespace weft;

namespace {

constexpr int kFirst = -20, kLast = 19, kBorder = 4;  // yes for -4 < x < 4
constexpr std::int64_t kHidden = 2;
constexpr int kPlaces = 391;  // of a curve over x

}  // namespace

Points middle_points() {
  Points points;
  for (int x = kFirst; x <= kLast; ++x) {
    points.x.push_back(static_cast<float>(x));
    points.y.push_back(-kBorder < x && x < kBorder ? 1.0f : 0.0f);
  }
  return points;
}

TwoNeurons::TwoNeurons(Generator& generator)
    : in(1, kHidden, generator), out(kHidden, 1, generator), network(in, nn::Sigmoid(), out) {}

TwoNeuronsRun train_two_neurons(Run& run, const std::string& name, TwoNeurons& model,
                                const Points& points, const ScoreLoss& loss, bool is_main,
                                const std::function<void(int epoch)>& after) {
  model.network.to(run.device());
  const std::vector<double> x = spread(kFirst, kLast, kPlaces);
  const std::vector<float> places(x.begin(), x.end());
  std::vector<Curve> stages;
  const int epochs = run.settings().epochs, every = std::max(1, epochs * 3 / 10);
  const auto after_epoch = [&](int epoch) {
    after(epoch);
    if (epoch % every != 0 && epoch != epochs) return;
    stages.push_back({.name = "epoch " + std::to_string(epoch),
                      .x = x,
                      .y = probabilities(model.network, places, 1, run.device()),
                      .colour = colour_in_series(static_cast<double>(epoch) / epochs)});
  };
  const Dataset data = points.dataset().to(run.device());
  TrainingLog log = train_small(run, name, model.network, data, loss, in_order, after_epoch);
  run.save_model(name, model.network, is_main);
  const NoGrad off;
  return {std::move(log), std::move(stages), sigmoid(model.in(data.inputs())).to_vector<float>()};
}

Chart fit_chart(const std::string& title, const TwoNeuronsRun& trained, const Points& points) {
  Chart chart{.title = title,
              .x_label = "x",
              .y_label = "probability of y = 1",
              .curves = {scatter_of(points, 0), scatter_of(points, 1)},
              .y_low = -0.05,
              .y_high = 1.1};
  chart.curves.insert(chart.curves.end(), trained.stages.begin(), trained.stages.end());
  return chart;
}

Chart hidden_chart(const std::string& title, const TwoNeuronsRun& trained, const Points& points) {
  const Points seen{trained.hidden, points.y, kHidden};
  return {.title = title,
          .x_label = "first hidden neuron",
          .y_label = "second hidden neuron",
          .curves = {scatter_of(seen, 0), scatter_of(seen, 1)},
          .y_low = -0.05,
          .y_high = 1.1};
}

}  // namespace lessons
