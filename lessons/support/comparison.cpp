#include "support/comparison.h"

#include <algorithm>

#include "support/text.h"

namespace lessons {

using namespace weft;

Chart step_losses(const std::vector<Compared>& trainings) {
  Chart chart{.title = "Loss of each step", .x_label = "step", .y_label = "cross-entropy"};
  for (const auto& [name, log, dashed] : trainings)
    chart.curves.push_back(
        {.name = name, .x = log.steps(), .y = log.step_losses(), .dashed = dashed});
  return chart;
}

Chart test_accuracies(const std::vector<Compared>& trainings) {
  Chart chart{.title = "Test accuracy after each epoch",
              .x_label = "epoch",
              .y_label = "right answers",
              .percent_y = true};
  for (const auto& [name, log, dashed] : trainings)
    chart.curves.push_back(
        {.name = name, .x = log.epochs(), .y = log.test_accuracies(), .dashed = dashed});
  return chart;
}

Chart smoothed_losses_chart() {
  return {.title = "Loss of each step, running mean",
          .x_label = "step",
          .y_label = "cross-entropy",
          .log_y = true};
}

Chart accuracies_chart() {
  return {.title = "Test accuracy after each epoch",
          .x_label = "epoch",
          .y_label = "right answers",
          .percent_y = true,
          .key_below = true};
}

Curve smoothed_losses(const std::string& name, const TrainingLog& log) {
  const int window = std::clamp(static_cast<int>(log.steps().size()) / 20, 3, 101);
  return {.name = name, .x = log.steps(), .y = log.step_losses(), .smoothing = window};
}

Curve accuracies(const std::string& name, const TrainingLog& log, int first) {
  return {.name = name,
          .x = {log.epochs().begin() + first, log.epochs().end()},
          .y = {log.test_accuracies().begin() + first, log.test_accuracies().end()},
          .points = true};
}

std::string accuracies_found(const std::vector<Compared>& trainings) {
  std::string found;
  for (const Compared& training : trainings)
    found +=
        (found.empty() ? "" : ", ") + training.name + " " + percent(last_accuracy(training), 2);
  return found;
}

double last_accuracy(const Compared& training) { return training.log.last_test().accuracy(); }

}  // namespace lessons
