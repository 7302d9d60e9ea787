#pragma once

// Several trainings of one network side by side: their curves, and what the lessons say of their ends.

#include <string>
#include <vector>

#include "support/training_log.h"
#include "weft/figures.h"

namespace lessons {

struct Compared {
  std::string name;  // in tables and figures
  TrainingLog log;
  bool dashed = false;  // shown beside the others
};

/// The loss of every step, and the test accuracy before the first and after each epoch; a curve for each.
weft::Chart step_losses(const std::vector<Compared>& trainings);
weft::Chart test_accuracies(const std::vector<Compared>& trainings);

/// The same for thousands of steps, on a logarithmic axis: the curve of one training, with its running mean over a
/// twentieth of its steps, and its accuracy from epoch `first` on.
weft::Chart smoothed_losses_chart();
weft::Chart accuracies_chart();
weft::Curve smoothed_losses(const std::string& name, const TrainingLog& log);
weft::Curve accuracies(const std::string& name, const TrainingLog& log, int first);

/// "sigmoid 45.32 %, tanh 83.75 %": where the trainings ended.
std::string accuracies_found(const std::vector<Compared>& trainings);

double last_accuracy(const Compared& training);

}  // namespace lessons
