#pragma once

// One training: its progress, its curves, and its lines of metrics.csv.

#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/divergence.h"
#include "support/lessons.h"
#include "weft/metrics.h"

namespace lessons {

class Run;

/// A training that cannot go on: one sentence. What was written so far stays.
class TrainingStopped : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class TrainingLog {
 public:
  /// `label` is what metrics.csv calls this run: its name, and the device where it is not the CPU.
  TrainingLog(Run& run, std::string name, std::string label, int epochs);

  /// Lets the log say in which layer it began where numbers are lost: it keeps, on the device, what each
  /// epoch starts from. Before the first step.
  void watch(WatchedTraining training) { divergence_.emplace(std::move(training)); }

  /// What the test set says before the first step.
  void before(const weft::Summary& tested);

  /// One epoch, or `epochs` of them: what their steps gave, and how to evaluate the model. The clock of the
  /// training does not run during the evaluation. Throws TrainingStopped where the loss of a step, or of the
  /// test set, is no longer a number.
  void epoch(const weft::Summary& trained, const std::function<weft::Summary()>& evaluate,
             int epochs = 1);

  // The curves: a loss for each step, a summary of the test set before and after each epoch (or several).
  const std::vector<double>& steps() const { return steps_; }  // 1, 2, ...
  const std::vector<double>& step_losses() const { return step_losses_; }
  const std::vector<double>& epochs() const { return epochs_; }  // 0, 1, ...
  const std::vector<double>& test_losses() const { return test_losses_; }
  const std::vector<double>& test_accuracies() const { return test_accuracies_; }
  const weft::Summary& first_test() const { return first_test_; }
  const weft::Summary& last_test() const { return last_test_; }
  double seconds() const { return seconds_; }  // of training, without evaluation

 private:
  using Clock = std::chrono::steady_clock;
  void row(int epoch, const std::string& step, const std::string& train_loss,
           const weft::Summary* tested);
  // In `epoch`; `losses` are those of the `epochs` up to `last`.
  [[noreturn]] void stop(int epoch, const std::string& when, const std::vector<float>& losses,
                         int last, int epochs);

  Run& run_;
  std::string name_, label_;
  int epoch_count_;
  double seconds_ = 0;
  Clock::time_point since_;
  std::vector<double> steps_, step_losses_, epochs_, test_losses_, test_accuracies_;
  weft::Summary first_test_, last_test_;
  std::optional<Divergence> divergence_;  // until the last epoch
};

}  // namespace lessons
