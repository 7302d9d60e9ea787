#pragma once

// What lessons 05 and 15 share: an answer that is yes between two borders, and the smallest network with
// a hidden layer, which can give it.

#include <string>
#include <vector>

#include "support/small_models.h"

namespace lessons {

/// The whole numbers from -20 to 19, and y = 1 for those between -4 and 4: 33 zeros and 7 ones.
Points middle_points();
constexpr double kAllZeros = 33.0 / 40;  // what the answer "no" to everything gets right

/// 1-2-1: two hidden sigmoids, and a score made of them. `network` shares the layers' parameters.
struct TwoNeurons {
  explicit TwoNeurons(weft::Generator& generator);

  weft::nn::Linear in, out;
  weft::nn::Sequential network;
};

/// What one training leaves for the table and the figures.
struct TwoNeuronsRun {
  TrainingLog log;
  std::vector<weft::Curve> stages;  // the probability of yes over x as it learns
  std::vector<float> hidden;        // [points, 2]: what the hidden neurons say in the end
};

/// Moves the model to the run's device, trains it in order and saves it.
TwoNeuronsRun train_two_neurons(
    Run& run, const std::string& name, TwoNeurons& model, const Points& points,
    const ScoreLoss& loss, bool is_main, const std::function<void(int epoch)>& after = [](int) {});

/// The points with the model over x as it learned them.
weft::Chart fit_chart(const std::string& title, const TwoNeuronsRun& trained, const Points& points);

/// The points by what the two hidden neurons make of them.
weft::Chart hidden_chart(const std::string& title, const TwoNeuronsRun& trained,
                         const Points& points);

}  // namespace lessons
