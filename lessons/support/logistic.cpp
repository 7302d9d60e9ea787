#include "support/logistic.h"

#include <algorithm>
#include <cmath>

#include "support/text.h"

namespace lessons {

using namespace weft;

namespace {

constexpr int kFirst = -10, kLast = 9, kLastZero = 2;  // tenths
constexpr int kColumns = 120, kRows = 104;             // of the surface: a cell is 0.25 wide

double sigmoid_of(double score) { return 1 / (1 + std::exp(-score)); }

}  // namespace

Points logistic_points() {
  Points points;
  for (int tenths = kFirst; tenths <= kLast; ++tenths) {
    points.x.push_back(static_cast<float>(tenths) / 10);
    points.y.push_back(tenths > kLastZero ? 1.0f : 0.0f);
  }
  return points;
}

double squared_error_of(double score, double y) {
  const double difference = sigmoid_of(score) - y;
  return difference * difference;
}

double cross_entropy_of(double score, double y) {
  return std::max(score, 0.0) - score * y + std::log1p(std::exp(-std::abs(score)));
}

double mean_loss(const Points& points, const PointLoss& loss, double w, double b) {
  double sum = 0;
  for (std::size_t i = 0; i < points.x.size(); ++i)
    sum += loss(w * static_cast<double>(points.x[i]) + b, static_cast<double>(points.y[i]));
  return sum / static_cast<double>(points.x.size());
}

Surface loss_surface(const Points& points, const PointLoss& loss, const std::string& name) {
  Surface surface{"weight w", "bias b", name, {-15, 15, -13, 13, kColumns, kRows, {}}};
  for (int row = 0; row < kRows; ++row)
    for (int column = 0; column < kColumns; ++column)
      surface.z.values.push_back(
          static_cast<float>(mean_loss(points, loss, surface.z.x(column), surface.z.y(row))));
  return surface;
}

std::string place_of(const LogisticRun& run, std::size_t epoch) {
  return fixed(run.w.at(epoch), 2) + ", " + fixed(run.b.at(epoch), 2);
}

nn::Linear logistic_model(double w, double b, Device device) {
  Generator unused(0);
  nn::Linear model(1, 1, unused);
  nn::init::constant_(model.weight, w);
  nn::init::constant_(model.bias, b);
  model.to(device);
  return model;
}

LogisticRun train_logistic(Run& run, const std::string& name, nn::Linear& model,
                           const Points& points, const ScoreLoss& loss) {
  std::vector<double> w, b;
  TrainingLog log =
      train_small(run, name, model, points.dataset().to(run.device()), loss, in_order, [&](int) {
        w.push_back(model.weight.item());
        b.push_back(model.bias.item());
      });
  run.save_model(name, model, false);
  return {name, std::move(log), std::move(w), std::move(b)};
}

double gradient_norm(const Points& points, const ScoreLoss& loss, double w, double b,
                     Device device) {
  nn::Linear model = logistic_model(w, b, device);
  const Dataset data = points.dataset().to(device);
  loss(model(data.inputs()), data.labels()).backward();
  return std::hypot(model.weight.grad().item(), model.bias.grad().item());
}

Path path_of(const LogisticRun& run, const Points& points, const PointLoss& loss,
             const std::string& name, const std::string& colour) {
  Path path{name, run.w, run.b, {}, colour};
  for (std::size_t i = 0; i < run.w.size(); ++i)
    path.z.push_back(mean_loss(points, loss, run.w[i], run.b[i]));
  return path;
}

std::vector<Chart> fit_charts(const LogisticRun& run, const Points& points,
                              const std::string& title) {
  constexpr std::size_t kStages = 5;
  Chart sigmoids{.title = title + ": the sigmoid",
                 .x_label = "x",
                 .y_label = "probability of y = 1",
                 .curves = {scatter_of(points, 0), scatter_of(points, 1)},
                 .y_low = -0.08,
                 .y_high = 1.08};
  Chart lines{.title = title + ": the line under it",
              .x_label = "x",
              .y_label = "score w x + b",
              .curves = sigmoids.curves,
              .y_low = -12,
              .y_high = 12};
  sigmoids.key_left = true;
  lines.key_left = true;
  const std::size_t last = run.w.size() - 1;
  for (std::size_t stage = 0; stage <= kStages; ++stage) {
    const std::size_t epoch = last * stage / kStages;
    Curve sigmoid{.name = "epoch " + std::to_string(epoch),
                  .x = spread(-1, 1, 201),
                  .colour = colour_in_series(static_cast<double>(stage) / kStages)};
    Curve line = sigmoid;
    for (const double x : sigmoid.x) {
      line.y.push_back(run.w[epoch] * x + run.b[epoch]);
      sigmoid.y.push_back(sigmoid_of(line.y.back()));
    }
    sigmoids.curves.push_back(sigmoid);
    lines.curves.push_back(line);
  }
  return {sigmoids, lines};
}

}  // namespace lessons
