#pragma once

// What lessons 01 and 02 share: twenty points, a model of one weight and one bias, and the landscape
// that a loss makes over the two.

#include <functional>

#include "support/small_models.h"

namespace lessons {

/// x = -1.0, -0.9 ... 0.9, and y = 1 where x > 0.2. Both are made from integers: adding up steps of 0.1
/// would leave it to rounding on which side 0.2 lies.
Points logistic_points();

/// What one point costs, by its score and its answer: the losses' definitions once more, on the host, to
/// draw them and to walk on them.
using PointLoss = std::function<double(double score, double y)>;
double squared_error_of(double score, double y);
double cross_entropy_of(double score, double y);

double mean_loss(const Points& points, const PointLoss& loss, double w, double b);
weft::Surface loss_surface(const Points& points, const PointLoss& loss, const std::string& name);

/// One training of Linear(1, 1) and what is drawn of it.
struct LogisticRun {
  std::string name;
  TrainingLog log;
  std::vector<double> w, b;  // before the training and after each epoch
};

/// "-5.00, -10.00": the weight and the bias after an epoch.
std::string place_of(const LogisticRun& run, std::size_t epoch);

/// Trains from the weight and the bias that the model has.
LogisticRun train_logistic(Run& run, const std::string& name, weft::nn::Linear& model,
                           const Points& points, const ScoreLoss& loss);

/// The bad start of both lessons: far out on a plain of the squared error.
constexpr double kBadWeight = -5, kBadBias = -10;

/// A model that starts at the given place.
weft::nn::Linear logistic_model(double w, double b, weft::Device device);

/// The length of the gradient of the loss over all points at (w, b), by the library's backward pass.
double gradient_norm(const Points& points, const ScoreLoss& loss, double w, double b,
                     weft::Device device);

weft::Path path_of(const LogisticRun& run, const Points& points, const PointLoss& loss,
                   const std::string& name, const std::string& colour);

/// The points with the sigmoid, and with the straight line under it, every fifth of the training.
std::vector<weft::Chart> fit_charts(const LogisticRun& run, const Points& points,
                                    const std::string& title);

}  // namespace lessons
