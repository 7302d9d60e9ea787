#pragma once

// What the lessons on small models share: points with an answer of yes or no, and their training.

#include <functional>
#include <string>
#include <vector>

#include "support/training.h"
#include "weft/data.h"
#include "weft/figures.h"
#include "weft/nn.h"
#include "weft/ops/random.h"

namespace lessons {

/// Points [n, inputs] with their answers, 0 or 1, on the host, and the same as a data set.
struct Points {
  std::vector<float> x, y;
  std::int64_t inputs = 1;
  std::int64_t size() const { return static_cast<std::int64_t>(y.size()); }
  weft::Dataset dataset() const;
};

/// A loss of scores: the model's probability of yes is the sigmoid of its score, so it says yes where the
/// score is above 0.
using ScoreLoss = Loss;
weft::Tensor squared_error(const weft::Tensor& scores, const weft::Tensor& y);

/// Trains with the run's settings by plain SGD, in the order that `order` gives for each epoch, and
/// judges the model by all points after each epoch. `after` is told the epochs as they end, 0 first.
TrainingLog train_small(
    Run& run, const std::string& name, weft::nn::Module& model, const weft::Dataset& data,
    const ScoreLoss& loss, const OrderOfEpoch& order,
    const std::function<void(int epoch)>& after = [](int) {});

/// The model's probability of yes at points [n, inputs], computed on its device.
std::vector<double> probabilities(weft::nn::Module& model, const std::vector<float>& x,
                                  std::int64_t inputs, weft::Device device);

/// The middle of every cell of a field, [rows x columns, 2], in the order of its values.
std::vector<float> middles_of(const weft::Field& field);

/// The points of one answer as a scatter, a curve named after it.
weft::Curve scatter_of(const Points& points, int answer);

/// `count` numbers from low to high, both included.
std::vector<double> spread(double low, double high, int count);

}  // namespace lessons
