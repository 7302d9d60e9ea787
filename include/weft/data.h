#pragma once

#include <cstdint>

#include "weft/ops/gather.h"
#include "weft/tensor.h"

namespace weft {
/// @addtogroup data
/// @{

/// Inputs [rows, ...] float32 and labels [rows] int32, or targets [rows, ...] float32, on the data set's
/// device.
struct Batch {
  Tensor x;  ///< inputs
  Tensor y;  ///< labels or targets
};

class Batches;

/// Samples with labels or targets on one device, kept as they are stored (pictures as uint8) and scaled as a batch
/// is gathered.
class Dataset {
 public:
  /// `inputs` [n, ...] uint8 or float32, `labels` [n] int32, each in 0..classes-1: checked here, once.
  /// Throws ShapeError for no samples, sizes that differ, or a label out of range (its index and value).
  Dataset(Tensor inputs, Tensor labels, std::int64_t classes, Scaling scaling = {});

  /// The same with numbers to predict in place of classes: `targets` [n, ...] float32. classes() is 0.
  Dataset(Tensor inputs, Tensor targets, Scaling scaling = {});

  /// The same samples on `device`: Tensor::to of inputs and labels.
  Dataset to(Device device) const;
  Dataset first(std::int64_t count) const;               ///< the first samples; a view
  std::int64_t size() const { return labels_.size(0); }  ///< samples
  std::int64_t classes() const { return classes_; }      ///< 0 where there are targets
  std::int64_t features() const;                         ///< elements of one sample
  Device device() const { return inputs_.device(); }     ///< where the samples are
  const Tensor& inputs() const { return inputs_; }       ///< as they were given
  const Tensor& labels() const { return labels_; }       ///< or targets
  Scaling scaling() const { return scaling_; }           ///< of the inputs in a batch

  /// One pass over the samples in batches of `batch_size` (the last may be smaller). x is [rows,
  /// features]. Throws ShapeError for a batch size under 1.
  Batches batches(std::int64_t batch_size, Order order = Order::in_order()) const;

  /// Rows [begin, begin + count) of an order, as a batch of its own.
  Batch gather(std::int64_t begin, std::int64_t count, Order order = Order::in_order()) const;

 private:
  Tensor inputs_, labels_;
  std::int64_t classes_;
  Scaling scaling_;
};

/// The batches of one epoch, gathered one by one: for (const Batch& batch : train.batches(100)).
/// A batch's tensors are overwritten by the next gather of the same Batches object.
class Batches {
 public:
  /// As Dataset::batches, which makes them.
  Batches(const Dataset& dataset, std::int64_t batch_size, Order order);
  std::int64_t count() const;                              ///< batches in the epoch
  std::int64_t batch_size() const { return batch_size_; }  ///< samples of all but the last
  const Dataset& dataset() const { return dataset_; }      ///< whose samples they are

  /// A place in the epoch. Looking at it gathers the batch.
  class Iterator {
   public:
    /// The place before batch `index`.
    Iterator(Batches* batches, std::int64_t index) : batches_(batches), index_(index) {}
    const Batch& operator*() const { return batches_->load(index_); }  ///< gathers; does not wait
    Iterator& operator++() { return ++index_, *this; }                 ///< the next batch
    bool operator==(const Iterator&) const = default;                  ///< the same place

   private:
    Batches* batches_;
    std::int64_t index_;
  };
  Iterator begin() { return {this, 0}; }      ///< the first batch
  Iterator end() { return {this, count()}; }  ///< behind the last one

 private:
  const Batch& load(std::int64_t index);
  Dataset dataset_;
  std::int64_t batch_size_;
  Order order_;
  Tensor source_;          // the inputs as [n, features]
  Batch whole_, current_;  // buffers for a full batch; the batch last loaded
};

/// @}
}  // namespace weft
