#include "support/small_models.h"

#include "weft/autograd.h"
#include "weft/ops/activation.h"
#include "weft/ops/loss.h"
#include "weft/optim.h"

namespace lessons {

using namespace weft;

Dataset Points::dataset() const {
  return {from_values(x, {size(), inputs}), from_values(y, {size(), 1})};
}

Tensor squared_error(const Tensor& scores, const Tensor& y) { return mse_loss(sigmoid(scores), y); }

TrainingLog train_small(Run& run, const std::string& name, nn::Module& model, const Dataset& data,
                        const ScoreLoss& loss, const OrderOfEpoch& order,
                        const std::function<void(int epoch)>& after) {
  Sgd sgd(model.parameters(), {.lr = run.settings().lr});
  return train(run, {.name = name,
                     .model = model,
                     .optimizer = sgd,
                     .train = data,
                     .test = data,
                     .loss = loss,
                     .order = order,
                     .after = after});
}

std::vector<double> probabilities(nn::Module& model, const std::vector<float>& x,
                                  std::int64_t inputs, Device device) {
  const NoGrad off;
  const auto count = static_cast<std::int64_t>(x.size()) / inputs;
  const Tensor p = sigmoid(model(from_values(x, {count, inputs}).to(device)));
  const auto values = p.to_vector<float>();
  return {values.begin(), values.end()};
}

std::vector<float> middles_of(const Field& field) {
  std::vector<float> places;
  for (int row = 0; row < field.rows; ++row)
    for (int column = 0; column < field.columns; ++column)
      places.insert(places.end(),
                    {static_cast<float>(field.x(column)), static_cast<float>(field.y(row))});
  return places;
}

Curve scatter_of(const Points& points, int answer) {
  Curve curve{.name = "y = " + std::to_string(answer), .points = true, .line = false};
  for (std::size_t i = 0; i < points.y.size(); ++i) {
    if (static_cast<int>(points.y[i]) != answer) continue;
    const std::size_t at = i * static_cast<std::size_t>(points.inputs);
    curve.x.push_back(static_cast<double>(points.x[at]));
    curve.y.push_back(points.inputs > 1 ? static_cast<double>(points.x[at + 1]) : answer);
  }
  return curve;
}

std::vector<double> spread(double low, double high, int count) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(low + i * (high - low) / (count - 1));
  return values;
}

}  // namespace lessons
