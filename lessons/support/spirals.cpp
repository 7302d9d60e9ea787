#include "support/spirals.h"

#include <algorithm>
#include <cmath>

#include "support/small_models.h"
#include "weft/autograd.h"
#include "weft/ops/softmax.h"

namespace lessons {

using namespace weft;

namespace {

constexpr double kTurn = 4.0, kNoise = 0.2;  // of an arm's angle, in radians
constexpr double kLow = -1.1, kHigh = 1.1;   // of the decision regions
constexpr int kCells = 110;                  // in each direction: 0.02 wide

ClassField decisions(nn::Module& model, Device device) {
  ClassField field{kLow, kHigh, kLow, kHigh, kCells, kCells, {}, {}};
  const std::vector<float> places = middles_of({kLow, kHigh, kLow, kHigh, kCells, kCells, {}});
  const NoGrad off;
  const nn::EvaluationMode evaluation(model);
  const Tensor x = from_values(places, {kCells * kCells, 2}).to(device);
  const auto shares = softmax(model(x)).to_vector<float>();  // [cells, arms]
  for (auto cell = shares.begin(); cell != shares.end(); cell += Spirals::kArms) {
    const auto most = std::max_element(cell, cell + Spirals::kArms);
    field.classes.push_back(static_cast<int>(most - cell));
    field.confidence.push_back(*most);
  }
  return field;
}

}  // namespace

Dataset Spirals::dataset() const {
  const auto count = static_cast<std::int64_t>(labels.size());
  return {from_values(x, {count, 2}), from_values(labels, {count}), kArms};
}

Spirals draw_spirals(Generator& generator, int points_of_arm) {
  Tensor noise = empty({Spirals::kArms * points_of_arm});
  normal_(noise, 0, kNoise, generator.next());
  const auto noises = noise.to_vector<float>();
  Spirals spirals;
  for (int arm = 0; arm < Spirals::kArms; ++arm)
    for (int i = 0; i < points_of_arm; ++i) {
      const double radius = static_cast<double>(i) / (points_of_arm - 1);
      const double angle =
          kTurn * (arm + radius) + static_cast<double>(noises[spirals.labels.size()]);
      spirals.x.push_back(static_cast<float>(radius * std::sin(angle)));
      spirals.x.push_back(static_cast<float>(radius * std::cos(angle)));
      spirals.labels.push_back(arm);
    }
  return spirals;
}

Chart decision_chart(const std::string& title, const Spirals& spirals, nn::Module& model,
                     Device device) {
  Chart chart{.title = title, .x_label = "x1", .y_label = "x2"};
  for (int arm = 0; arm < Spirals::kArms; ++arm) {
    Curve curve{.name = "arm " + std::to_string(arm + 1), .points = true, .line = false};
    for (std::size_t i = 0; i < spirals.labels.size(); ++i) {
      if (spirals.labels[i] != arm) continue;
      curve.x.push_back(static_cast<double>(spirals.x[2 * i]));
      curve.y.push_back(static_cast<double>(spirals.x[2 * i + 1]));
    }
    chart.curves.push_back(curve);
  }
  chart.class_regions = decisions(model, device);
  return chart;
}

}  // namespace lessons
