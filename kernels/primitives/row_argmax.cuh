#pragma once

// The column of a row's largest element, the first of equals, the first NaN of any: threads compare (value,
// column) pairs of their own columns, then exchange them in a fixed tree.

#include "kernels/primitives/largest.cuh"
#include "kernels/primitives/reduce.cuh"
#include "kernels/primitives/row.cuh"

namespace weft::kernels {

/// The argmax of the row that a thread works on, known to all threads of the row.
template <class Shape>
__device__ __forceinline__ std::int32_t argmax_of_row(const float* row,
                                                      const RowPlace<Shape>& place, bool aligned) {
  Candidate best = kNoCandidate;
  for (std::int64_t first = 0; first < place.cols; first += Shape::kColumns) {
    float values[Shape::kValues];
    load_row<Shape>(values, row, place, first, aligned, -INFINITY);
    WEFT_UNROLL
    for (int i = 0; i < Shape::kValues; ++i) {
      const std::int64_t column = first + place.column(i);
      const std::int32_t found =
          column < place.cols ? static_cast<std::int32_t>(column) : kNoCandidate.place;
      best = Better{}(best, {values[i], found});
    }
  }
  return threads_reduce<Shape::kThreads>(best, kNoCandidate, Better{}).place;
}

}  // namespace weft::kernels
