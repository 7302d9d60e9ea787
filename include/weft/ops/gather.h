#pragma once

#include "weft/philox.h"
#include "weft/tensor.h"

namespace weft {
/// @addtogroup rearranging
/// @{

/// The order in which an epoch walks through a data set of n rows: as stored, or through a bijection
/// of 0..n-1 that is computed for each index (weft/philox.h) and needs no array.
struct Order {
  bool is_shuffled = false;  ///< false: as stored
  RandomKey key = {};        ///< of the bijection

  static Order in_order() { return {}; }  ///< as stored
  /// Another bijection for each epoch.
  static Order shuffled(std::uint64_t seed, std::uint32_t epoch);
};

/// How stored numbers become inputs: value * scale + shift.
struct Scaling {
  float scale = 1.0f;  ///< first
  float shift = 0.0f;  ///< then
};

/// Copies rows order(begin) .. order(begin + count - 1) of `source` [n, features], uint8 or float32, to
/// `out` [count, features] float32, scaled; and the same rows of `labels` [n] int32 to `out_labels`
/// [count]. One launch, not recorded. Throws ShapeError where anything does not fit.
/// Labels may also be targets: float32 [n, ...], their rows copied as they are to out_labels [count, ...].
void gather_rows_(Tensor& out, Tensor& out_labels, const Tensor& source, const Tensor& labels,
                  std::int64_t begin, const Order& order, Scaling scaling = {});

/// 1 where the column is the row's label and 0 elsewhere, float32 [n, classes], for int32 labels [n]. A
/// label outside 0..classes-1 makes its row NaN. Not recorded. Throws ShapeError for no classes.
Tensor one_hot(const Tensor& labels, std::int64_t classes);

/// @}
}  // namespace weft
