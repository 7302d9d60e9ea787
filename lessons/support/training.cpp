#include "support/training.h"

#include <algorithm>

#include "support/text.h"
#include "weft/ops/loss.h"
#include "weft/training_step.h"

namespace lessons {

using namespace weft;

namespace {

// A batch that the lesson itself asks for may be larger than a user's own set: then it is the whole set.
void require_batch(std::int64_t batch, const Training& t) {
  if (t.batch == 0 && batch > t.train.size())
    throw UsageError("--batch: expected at most the " + grouped(t.train.size()) +
                     " training samples, found " + std::to_string(batch));
}

}  // namespace

Order in_order(std::uint32_t) { return Order::in_order(); }

OrderOfEpoch shuffled(std::uint64_t seed) {
  return [seed](std::uint32_t epoch) { return Order::shuffled(seed, epoch); };
}

TrainingLog train(Run& run, const Training& t) {
  const int epochs = t.epochs > 0 ? t.epochs : run.settings().epochs;
  const std::int64_t batch = t.batch > 0 ? t.batch : run.settings().batch;
  require_batch(batch, t);
  const OrderOfEpoch order = t.order ? t.order : shuffled(run.settings().seed);
  const auto batches_of = [&](int epoch) {
    return t.train.batches(batch, order(static_cast<std::uint32_t>(epoch)));
  };
  const auto loss_of = [&](const Batch& b) {
    const Tensor outputs = t.model(b.x);
    return t.loss ? t.loss(outputs, b.y) : cross_entropy(outputs, b.y);
  };
  TrainingStep step{loss_of, t.optimizer};
  const std::int64_t test_batch = std::min(t.test_batch, t.test.size());
  const auto judge = [&] {
    return t.loss ? evaluate(t.model, t.test.batches(test_batch), t.loss, t.threshold)
                  : evaluate(t.model, t.test.batches(test_batch));
  };

  TrainingLog log = run.train(t.name, epochs);
  log.watch({t.model, t.optimizer, loss_of, batches_of});
  log.before(judge());
  if (t.after) t.after(0);
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    step.run(batches_of(epoch));
    log.epoch(step.metrics(), judge);
    if (t.after) t.after(epoch);
  }
  return log;
}

}  // namespace lessons
