#include "support/overfitting.h"

#include <algorithm>
#include <limits>

#include "weft/ops/loss.h"
#include "weft/optim.h"
#include "weft/training_step.h"

namespace lessons {

using namespace weft;

namespace {

constexpr int kJudgedEvery = 10;  // epochs

}  // namespace

JudgedTraining train_and_judge(Run& run, const std::string& name, nn::Module& model,
                               const Dataset& train, const Dataset& validation, std::uint64_t seed,
                               const Loss& loss) {
  const Settings& settings = run.settings();
  require_batch(settings.batch, train.size());
  Adam adam(model.parameters(), {.lr = settings.lr});
  const auto judge_by = [&](const Dataset& data) {
    return loss ? evaluate(model, data.batches(data.size()), loss)
                : evaluate(model, data.batches(data.size()));
  };
  const OrderOfEpoch order = shuffled(seed);
  JudgedTraining result{run.train(name), {}, {}, {}, {}, {}};
  const auto judge = [&](int epoch) {
    result.train = judge_by(train);
    result.validation = judge_by(validation);
    if (loss) result.train.rows = result.validation.rows = 0;  // a number is not right or wrong
    result.epochs.push_back(epoch);
    result.train_losses.push_back(result.train.loss);
    result.validation_losses.push_back(result.validation.loss);
    return result.validation;
  };
  const auto batches_of = [&](int epoch) {
    return train.batches(settings.batch, order(static_cast<std::uint32_t>(epoch)));
  };
  const auto loss_of = [&](const Batch& batch) {
    const Tensor outputs = model(batch.x);
    return loss ? loss(outputs, batch.y) : cross_entropy(outputs, batch.y);
  };
  result.log.watch({model, adam, loss_of, batches_of});
  result.log.before(judge(0));
  for (int epoch = 0; epoch < settings.epochs;) {
    TrainingStep step{loss_of, adam};  // a new one has no losses yet
    const int first = epoch, last = std::min(epoch + kJudgedEvery, settings.epochs);
    while (epoch < last)
      for (const Batch& batch : batches_of(++epoch)) step.run(batch);
    result.log.epoch(
        step.metrics(), [&] { return judge(epoch); }, last - first);
  }
  return result;
}

std::vector<Chart> losses_charts(const std::string& loss,
                                 const std::vector<JudgedTraining>& without,
                                 const std::vector<JudgedTraining>& with) {
  std::vector<Chart> charts{
      {.title = "without dropout", .x_label = "epoch", .y_label = loss, .log_y = true},
      {.title = "with dropout", .x_label = "epoch", .y_label = loss, .log_y = true}};
  double least = std::numeric_limits<double>::infinity(), most = 0;
  for (Chart& chart : charts) {
    const auto& trainings = &chart == &charts.front() ? without : with;
    for (const bool train : {true, false}) {
      Curve curve{.name = train ? "training points" : "validation points",
                  .x = trainings.front().epochs};
      for (std::size_t i = 0; i < curve.x.size(); ++i)
        curve.y.push_back(mean_of(trainings, [&](const JudgedTraining& t) {
          return (train ? t.train_losses : t.validation_losses)[i];
        }));
      least = std::min(least, *std::min_element(curve.y.begin(), curve.y.end()));
      most = std::max(most, *std::max_element(curve.y.begin(), curve.y.end()));
      chart.curves.push_back(std::move(curve));
    }
  }
  constexpr double kMargin = 1.1;
  for (Chart& chart : charts) {
    chart.y_low = least / kMargin;
    chart.y_high = most * kMargin;
  }
  return charts;
}

}  // namespace lessons
