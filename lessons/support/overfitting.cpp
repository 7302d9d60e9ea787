#include "support/overfitting.h"

#include <algorithm>

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
  Adam adam(model.parameters(), {.lr = settings.lr});
  const auto judge_by = [&](const Dataset& data) {
    return loss ? evaluate(model, data.batches(data.size()), loss)
                : evaluate(model, data.batches(data.size()));
  };
  const OrderOfEpoch order = shuffled(seed);
  const int rounds = (settings.epochs + kJudgedEvery - 1) / kJudgedEvery;
  JudgedTraining result{run.train(name, rounds), {}, {}, {}, {}, {}};
  const auto judge = [&](int epoch) {
    result.train = judge_by(train);
    result.validation = judge_by(validation);
    result.epochs.push_back(epoch);
    result.train_losses.push_back(result.train.loss);
    result.validation_losses.push_back(result.validation.loss);
    return result.validation;
  };
  result.log.before(judge(0));
  for (int epoch = 0; epoch < settings.epochs;) {
    TrainingStep step{[&](const Batch& batch) {
                        const Tensor outputs = model(batch.x);
                        return loss ? loss(outputs, batch.y) : cross_entropy(outputs, batch.y);
                      },
                      adam};  // a new one has no losses yet
    const int last = std::min(epoch + kJudgedEvery, settings.epochs);
    for (; epoch < last; ++epoch)
      for (const Batch& batch :
           train.batches(settings.batch, order(static_cast<std::uint32_t>(epoch + 1))))
        step.run(batch);
    result.log.epoch(step.metrics(), [&] { return judge(epoch); });
  }
  return result;
}

Chart losses_chart(const std::string& title, const std::string& loss,
                   const JudgedTraining& trained) {
  return {.title = title,
          .x_label = "epoch",
          .y_label = loss,
          .curves = {{.name = "training points", .x = trained.epochs, .y = trained.train_losses},
                     {.name = "validation points",
                      .x = trained.epochs,
                      .y = trained.validation_losses}},
          .log_y = true};
}

}  // namespace lessons
