#pragma once

#include <functional>

#include "weft/data.h"
#include "weft/metrics.h"
#include "weft/nn.h"
#include "weft/optim.h"

namespace weft {
/// @addtogroup training
/// @{

/// One training step, written once: the loss of a batch, then backward, then the optimiser's update.
///
///   TrainingStep step{[&](const Batch& b) { return cross_entropy(model(b.x), b.y); }, optimizer};
///   for (std::uint32_t epoch = 0; epoch < epochs; ++epoch) {
///     step.run(train.batches(100, Order::shuffled(seed, epoch)));
///     report(step.metrics());
///   }
class TrainingStep {
 public:
  using Loss = std::function<Tensor(const Batch&)>;  ///< the loss of a batch, a scalar, recorded
  /// The optimiser must outlive the step; the metrics stand on the parameters' device.
  TrainingStep(Loss loss, Optimizer& optimizer);

  void run(Batches batches);  ///< a step for each batch; starts the metrics anew; does not wait
  Tensor run(const Batch& batch);  ///< one step, added to the metrics; returns its loss
  Summary metrics() const;         ///< of the last run; waits

 private:
  Loss loss_;
  Optimizer& optimizer_;
  Metrics metrics_;
};

/// Loss (cross-entropy) and correct count of a classifier over all batches, in evaluation mode and without
/// recording. Waits.
Summary evaluate(nn::Module& model, Batches batches);

/// The same for targets, with any loss of (outputs, targets), mean over the elements. An output is right
/// where it lies on the same side of `threshold` as its target of 0.5: 0.5 for probabilities, 0 for scores.
Summary evaluate(nn::Module& model, Batches batches,
                 const std::function<Tensor(const Tensor&, const Tensor&)>& loss,
                 double threshold = 0.5);

/// @}
}  // namespace weft
