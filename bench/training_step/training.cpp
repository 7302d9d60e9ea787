#include "bench/training_step/training.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "weft/ops/loss.h"

namespace bench {

using namespace weft;

namespace {

constexpr double kSecondsOfRound = 0.1;

/// A model in training, as a lesson has it.
class Training {
 public:
  Training(const Lesson& lesson, Device device, std::int64_t rows)
      : batch_(lesson.batch),
        data_(make_data(lesson, rows).to(device)),
        model_(make_network(lesson)),
        optimizer_((model_.to(device), make_optimizer(lesson, model_))),
        step_([this](const Batch& b) { return cross_entropy(model_(b.x), b.y); }, *optimizer_) {}
  Training(const Training&) = delete;
  Training& operator=(const Training&) = delete;

  std::vector<double> losses_in_order() {
    step_.run(data_.batches(batch_));
    const auto losses = step_.metrics().losses;
    return {losses.begin(), losses.end()};
  }

  void run_gathered(std::int64_t steps) {  // epoch after epoch; a part of the last
    while (steps > 0) {
      const Order order = Order::shuffled(1, epoch_++);
      if (steps >= data_.size() / batch_) {
        step_.run(data_.batches(batch_, order));
        steps -= data_.size() / batch_;
        continue;
      }
      for (const Batch& batch : data_.batches(batch_, order)) {
        if (steps-- == 0) break;
        step_.run(batch);
      }
      steps = 0;
    }
    (void)step_.metrics();  // waits
  }

  void run_ready(std::int64_t steps) {
    if (!ready_.x.defined()) ready_ = data_.gather(0, batch_);
    Tensor loss;
    for (; steps > 0; --steps) {
      loss = cross_entropy(model_(ready_.x), ready_.y);
      loss.backward();
      optimizer_->step();
    }
    (void)loss.item();  // waits
  }

 private:
  std::int64_t batch_;
  Dataset data_;
  nn::Sequential model_;
  std::unique_ptr<Optimizer> optimizer_;
  TrainingStep step_;
  Batch ready_;
  std::uint32_t epoch_ = 0;
};

template <class Run>
double seconds_of(std::int64_t steps, Run run) {
  const auto begin = std::chrono::steady_clock::now();
  run(steps);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// How many steps fill a round; running them to find out warms up.
template <class Run>
std::int64_t steps_of_round(Run run) {
  run(1);
  for (std::int64_t steps = 1;;) {
    const double seconds = seconds_of(steps, run);
    if (seconds >= kSecondsOfRound / 2) {
      const double fitting = static_cast<double>(steps) * kSecondsOfRound / seconds;
      return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::lround(fitting)));
    }
    steps *= 2;
  }
}

}  // namespace

std::vector<double> first_losses(const Lesson& lesson, Device device) {
  return Training(lesson, device, kCheckedSteps * lesson.batch).losses_in_order();
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = a.size() == b.size() ? 0 : std::numeric_limits<double>::quiet_NaN();
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const double difference = std::abs(a[i] - b[i]) / std::abs(b[i]);
    if (!(difference <= largest))
      largest = difference;  // and stays NaN, beside which none is larger
    if (std::isnan(largest)) return largest;
  }
  return largest;
}

Times time_steps(const Lesson& lesson, Device device, int rounds) {
  Training training(lesson, device, lesson.rows);
  const auto gathered = [&](std::int64_t steps) { training.run_gathered(steps); };
  const auto ready = [&](std::int64_t steps) { training.run_ready(steps); };
  const std::int64_t gathered_steps = steps_of_round(gathered), ready_steps = steps_of_round(ready);
  Times times;
  for (int round = 0; round < rounds; ++round) {
    times.gathered.push_back(1e6 * seconds_of(gathered_steps, gathered) /
                             static_cast<double>(gathered_steps));
    times.ready.push_back(1e6 * seconds_of(ready_steps, ready) / static_cast<double>(ready_steps));
  }
  return times;
}

}  // namespace bench
