#include "weft/training_step.h"

#include "weft/autograd.h"
#include "weft/ops/loss.h"

namespace weft {

TrainingStep::TrainingStep(Loss loss, Optimizer& optimizer)
    : loss_(std::move(loss)), optimizer_(optimizer), metrics_(optimizer.values().device()) {}

void TrainingStep::run(Batches batches) {
  metrics_.reset();
  metrics_.reserve(batches.count());
  for (const Batch& batch : batches) run(batch);
}

Tensor TrainingStep::run(const Batch& batch) {
  const Tensor loss = loss_(batch);
  try {
    loss.backward();
  } catch (...) {
    optimizer_.zero_grad();  // a part of this batch's gradient is not for the next one to add to
    throw;
  }
  optimizer_.step();
  metrics_.add_loss(loss, batch.y.size(0));
  return loss.detach();
}

Summary TrainingStep::metrics() const { return metrics_.read(); }

Summary evaluate(nn::Module& model, Batches batches) {
  const NoGrad off;
  const nn::EvaluationMode evaluation(model);
  Metrics metrics(batches.dataset().device());
  metrics.reserve(batches.count());
  for (const Batch& batch : batches) {
    const Tensor scores = model(batch.x);
    metrics.add_loss(cross_entropy(scores, batch.y), batch.y.size());
    metrics.add_correct(scores, batch.y);
  }
  return metrics.read();
}

Summary evaluate(nn::Module& model, Batches batches,
                 const std::function<Tensor(const Tensor&, const Tensor&)>& loss,
                 double threshold) {
  const NoGrad off;
  const nn::EvaluationMode evaluation(model);
  Metrics metrics(batches.dataset().device());
  metrics.reserve(batches.count());
  for (const Batch& batch : batches) {
    const Tensor outputs = model(batch.x);
    metrics.add_loss(loss(outputs, batch.y), batch.y.size(0));
    metrics.add_correct(outputs, batch.y, threshold);
  }
  return metrics.read();
}

}  // namespace weft
