#pragma once

// Where a training went wrong. The losses of an epoch are read once, when it is over: by then every number
// of the model may be lost. So what an epoch starts from is kept on the device, and after an epoch that
// lost its numbers the same steps are taken once more, looking at each.

#include <functional>
#include <string>
#include <vector>

#include "weft/data.h"
#include "weft/nn.h"
#include "weft/optim.h"

namespace lessons {

/// What it takes to take the steps of an epoch again. The model and the optimiser must outlive it.
struct WatchedTraining {
  weft::nn::Module& model;
  weft::Optimizer& optimizer;
  std::function<weft::Tensor(const weft::Batch&)> loss;  // the one that is trained on
  std::function<weft::Batches(int epoch)> batches;       // 1 the first
};

class Divergence {
 public:
  /// Keeps what the next epoch starts from.
  explicit Divergence(WatchedTraining training);

  /// The same once more: copies on the device, without waiting.
  void keep();

  /// Takes the steps of the `epochs` up to `epoch` again, from what was kept, up to the first gradient that is not finite,
  /// and says in a part of a sentence what it found. `losses` are what the steps gave the first time:
  /// where they come out differently now, it says that instead. `steps_before` were taken in earlier
  /// epochs. The model is left where the replay ends.
  std::string trace(int epoch, const std::vector<float>& losses, std::size_t steps_before,
                    int epochs = 1) const;

  double learning_rate() const { return training_.optimizer.learning_rate(); }

 private:
  struct Kept {
    weft::Tensor from, copy;
  };
  WatchedTraining training_;
  std::vector<Kept> kept_;
};

}  // namespace lessons
