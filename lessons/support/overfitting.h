#pragma once

// What lessons 13 and 14 share: a training that is judged by the points it learns from and by others.

#include <string>
#include <vector>

#include "support/training.h"
#include "weft/figures.h"

namespace lessons {

struct JudgedTraining {
  TrainingLog log;
  std::vector<double> epochs, train_losses, validation_losses;  // in evaluation mode
  weft::Summary train, validation;  // in the end; with targets, the loss alone
};

/// Trains by Adam with the run's settings and judges the model by both sets before the first epoch and
/// after every tenth one: with all points in a batch an epoch is a single step, and to wait for a loss
/// after each would take longer than the steps. An empty loss: cross-entropy over classes.
/// Throws TrainingStopped, and UsageError for a --batch above the training set.
JudgedTraining train_and_judge(Run& run, const std::string& name, weft::nn::Module& model,
                               const weft::Dataset& train, const weft::Dataset& validation,
                               std::uint64_t seed, const Loss& loss = {});

/// The mean of what `value` finds in each of the trainings.
template <class Trainings, class Value>
double mean_of(const Trainings& trainings, const Value& value) {
  double sum = 0;
  for (const auto& training : trainings) sum += value(training);
  return sum / static_cast<double>(trainings.size());
}

/// The losses of both sets, means over the seeds, without and with dropout: two charts with one
/// logarithmic scale.
std::vector<weft::Chart> losses_charts(const std::string& loss,
                                       const std::vector<JudgedTraining>& without,
                                       const std::vector<JudgedTraining>& with);

}  // namespace lessons
