#pragma once

// A training as most lessons do it: written once, so that a lesson shows its data, its model and its
// optimiser. Lesson 04 has the same loop spelled out.

#include <functional>
#include <string>

#include "support/run.h"
#include "weft/data.h"
#include "weft/nn.h"
#include "weft/optim.h"

namespace lessons {

/// The mean loss of a model's outputs against the labels or targets of a batch.
using Loss = std::function<weft::Tensor(const weft::Tensor& outputs, const weft::Tensor& y)>;

/// The order of the samples in each epoch, 1 the first.
using OrderOfEpoch = std::function<weft::Order(std::uint32_t epoch)>;
weft::Order in_order(std::uint32_t epoch);
OrderOfEpoch shuffled(std::uint64_t seed);  // anew each epoch

struct Training {
  std::string name;  // in metrics.csv
  weft::nn::Module& model;
  weft::Optimizer& optimizer;  // over its parameters, made after it moved to its device
  const weft::Dataset& train;  // on the run's device, as the next
  const weft::Dataset& test;   // the same as `train` where the question is what a model can hold
  Loss loss = {};              // empty: cross-entropy over classes; else over targets
  OrderOfEpoch order = {};     // empty: shuffled by the run's seed
  int epochs = 0;              // 0: the run's
  std::int64_t batch = 0;      // 0: the run's
  std::int64_t test_batch = 1000;  // fewer where a network's maps are large
  double threshold = 0;  // of a target's loss: an output above it says yes; 0 for scores, 0.5 else
  std::function<void(int epoch)> after = {};  // told the epochs as they end, 0 before the first
};

/// Trains, and judges the model by the whole test set before and after each epoch. Nothing is read back
/// from the device in an epoch. Throws TrainingStopped, and UsageError for a --batch above the training set.
TrainingLog train(Run& run, const Training& training);

}  // namespace lessons
