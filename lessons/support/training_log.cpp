#include "support/training_log.h"

#include <algorithm>
#include <cmath>

#include "support/run.h"
#include "support/text.h"

namespace lessons {

namespace {

// "softmax", or "softmax,gpu: SIMT executor, 2 threads" in quotes: rows of several devices can be joined.
std::string field(const std::string& text) {
  return text.find(',') == std::string::npos ? text : '"' + text + '"';
}

}  // namespace

TrainingLog::TrainingLog(Run& run, std::string name, std::string label, int epochs)
    : run_(run),
      name_(std::move(name)),
      label_(std::move(label)),
      epoch_count_(epochs),
      since_(Clock::now()) {}

// epoch, step: empty where the row is about a whole epoch; accuracy 0..1; seconds of training so far.
void TrainingLog::row(int epoch, const std::string& step, const std::string& train_loss,
                      const weft::Summary* tested) {
  std::string line =
      field(label_) + "," + std::to_string(epoch) + "," + step + "," + train_loss + ",";
  if (tested != nullptr)  // without rows there is nothing that is right or wrong
    line += shortest(tested->loss) + "," + (tested->rows > 0 ? shortest(tested->accuracy()) : "");
  else
    line += ",";
  run_.add_metrics(line + "," + (step.empty() ? fixed(seconds_, 4) : "") + "\n");
}

void TrainingLog::before(const weft::Summary& tested) {
  first_test_ = last_test_ = tested;
  epochs_.push_back(0);
  test_losses_.push_back(tested.loss);
  test_accuracies_.push_back(tested.accuracy());
  row(0, "", "", &tested);
  since_ = Clock::now();
}

void TrainingLog::epoch(const weft::Summary& trained,
                        const std::function<weft::Summary()>& evaluate, int epochs) {
  seconds_ += std::chrono::duration<double>(Clock::now() - since_).count();
  const int epoch = static_cast<int>(epochs_.back()) + epochs;
  for (const float loss : trained.losses) {
    steps_.push_back(static_cast<double>(steps_.size() + 1));
    step_losses_.push_back(static_cast<double>(loss));
    if (run_.keeps_step(steps_.size()))
      row(epoch, std::to_string(steps_.size()), shortest(loss), nullptr);
  }
  const auto bad = std::find_if_not(trained.losses.begin(), trained.losses.end(),
                                    [](float loss) { return std::isfinite(loss); });
  if (bad != trained.losses.end()) {
    row(epoch, "", shortest(trained.loss), nullptr);
    const auto step =
        steps_.size() - static_cast<std::size_t>(std::distance(bad, trained.losses.end())) + 1;
    // Of several epochs the one that the step belongs to: all have the same number of steps.
    const auto of = std::distance(trained.losses.begin(), bad) * epochs /
                    static_cast<std::ptrdiff_t>(trained.losses.size());
    stop(epoch - epochs + 1 + static_cast<int>(of), "at step " + std::to_string(step),
         trained.losses, epoch, epochs);
  }

  const weft::Summary tested = evaluate();
  last_test_ = tested;
  epochs_.push_back(epoch);
  test_losses_.push_back(tested.loss);
  test_accuracies_.push_back(tested.accuracy());
  row(epoch, "", shortest(trained.loss), &tested);
  if (!std::isfinite(tested.loss))
    stop(epoch, "after step " + std::to_string(steps_.size()), trained.losses, epoch, epochs);
  run_.write_metrics(epoch == epoch_count_);
  run_.progress(name_, epoch, epoch_count_, trained, tested, seconds_);
  if (epoch == epoch_count_)
    divergence_.reset();
  else if (divergence_)
    divergence_->keep();
  since_ = Clock::now();
}

void TrainingLog::stop(int epoch, const std::string& when, const std::vector<float>& losses,
                       int last, int epochs) {
  run_.write_metrics(true);
  const double lr = divergence_ ? divergence_->learning_rate() : run_.settings().lr;
  const std::string cause =
      divergence_ ? "; " + divergence_->trace(last, losses, steps_.size() - losses.size(), epochs)
                  : "";
  throw TrainingStopped("The training \"" + name_ + "\" stopped in epoch " + std::to_string(epoch) +
                        ": " + when + " the loss was no longer a number" + cause +
                        " (learning rate " + shortest(lr) + "; a smaller one may help).");
}

}  // namespace lessons
