#pragma once

#include <cstdint>
#include <vector>

#include "weft/tensor.h"

namespace weft {
/// @addtogroup training
/// @{

/// What a pass over batches gave, read back once.
struct Summary {
  std::vector<float> losses;            ///< of each batch
  double loss = 0;                      ///< mean over all rows
  std::int64_t rows = 0;                ///< of all batches
  std::int64_t correct = 0;             ///< rows with the right answer; only where it was counted
  std::vector<std::int64_t> confusion;  ///< [label, answer]; only where it was counted
  /// The share of right answers, 0 of no rows.
  double accuracy() const {
    return rows == 0 ? 0.0 : static_cast<double>(correct) / static_cast<double>(rows);
  }
};

/// Collects losses and counts on the device, without waiting for it.
class Metrics {
 public:
  explicit Metrics(Device device);                       ///< for losses and scores there
  void reset();                                          ///< forgets everything, keeps the memory
  void reserve(std::int64_t batches);                    ///< room for so many losses
  void add_loss(const Tensor& loss, std::int64_t rows);  ///< a scalar, mean over `rows`
  /// Counts right answers: add_correct_ (weft/ops/reduction.h).
  /// @{
  void add_correct(const Tensor& scores, const Tensor& labels);
  void add_correct(const Tensor& scores, const Tensor& targets, double threshold);
  /// @}
  void add_confusion(const Tensor& scores, const Tensor& labels);  ///< the same classes each time
  Summary read() const;                                            ///< waits for the device

 private:
  Tensor losses_;                   // [capacity] float32
  Tensor correct_;                  // int32 scalar
  Tensor confusion_;                // [classes, classes] int32; undefined before the first count
  std::vector<std::int64_t> rows_;  // of each loss
  std::int64_t scored_ = 0;         // rows given to add_correct
};

/// @}
}  // namespace weft
