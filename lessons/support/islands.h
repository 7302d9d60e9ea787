#pragma once

// What lessons 06 and 09 share: a line with two islands of yes, and networks that try to hold them.

#include <string>
#include <vector>

#include "support/small_models.h"
#include "weft/activation.h"

namespace lessons {

/// 100 numbers, evenly from -20 to 20, and y = 1 on the two islands (-10, -5) and (5, 10).
Points island_points();

/// What one training of 1-H-1 leaves for the tables and the figures.
struct IslandsRun {
  TrainingLog log;
  std::vector<weft::Curve> stages;  // the probability of yes over x, at each third of the training

  double accuracy() const { return log.last_test().accuracy(); }
  bool solved() const { return log.last_test().correct == log.last_test().rows; }
};

/// Trains 1-H-1 with the activation in its hidden layer, from the start that the seed gives it: Adam,
/// cross-entropy, the run's settings. Saves the model.
IslandsRun train_islands(Run& run, const std::string& name, std::int64_t hidden,
                         weft::Activation activation, std::uint64_t seed, const Points& points,
                         bool is_main);

/// The one that ends with the most right answers, and of those with the least loss.
const IslandsRun& best_of(const std::vector<IslandsRun>& runs);
int solved_of(const std::vector<IslandsRun>& runs);

/// The points with the model over x as it learned them.
weft::Chart island_chart(const std::string& title, const IslandsRun& trained, const Points& points);

}  // namespace lessons
