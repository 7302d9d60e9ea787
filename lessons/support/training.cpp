#include "support/training.h"

#include <algorithm>

#include "weft/ops/loss.h"
#include "weft/training_step.h"

namespace lessons {

using namespace weft;

Order in_order(std::uint32_t) { return Order::in_order(); }

OrderOfEpoch shuffled(std::uint64_t seed) {
  return [seed](std::uint32_t epoch) { return Order::shuffled(seed, epoch); };
}

TrainingLog train(Run& run, const Training& t) {
  const int epochs = t.epochs > 0 ? t.epochs : run.settings().epochs;
  const std::int64_t batch = t.batch > 0 ? t.batch : run.settings().batch;
  const OrderOfEpoch order = t.order ? t.order : shuffled(run.settings().seed);
  TrainingStep step{[&](const Batch& b) {
                      const Tensor outputs = t.model(b.x);
                      return t.loss ? t.loss(outputs, b.y) : cross_entropy(outputs, b.y);
                    },
                    t.optimizer};
  const std::int64_t test_batch = std::min(t.test_batch, t.test.size());
  const auto judge = [&] {
    return t.loss ? evaluate(t.model, t.test.batches(test_batch), t.loss, t.threshold)
                  : evaluate(t.model, t.test.batches(test_batch));
  };

  TrainingLog log = run.train(t.name, epochs);
  log.before(judge());
  if (t.after) t.after(0);
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    step.run(t.train.batches(batch, order(static_cast<std::uint32_t>(epoch))));
    log.epoch(step.metrics(), judge);
    if (t.after) t.after(epoch);
  }
  return log;
}

}  // namespace lessons
