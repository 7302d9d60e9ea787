#pragma once

// The two numbers that softmax and its losses need of a row: max = max x and sum = sum exp(x - max).
// The maximum starts at the lowest finite number, not at -inf, so that x - max is never inf - inf for
// finite or -inf x: no case needs a branch. A NaN or +inf in the row makes the sum NaN, and a row of
// -inf only has sum 0 (Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018).

#include <cfloat>
#include <cmath>

#include "kernels/primitives/reduce.cuh"
#include "kernels/primitives/row.cuh"

namespace weft::kernels {

struct MaxSum {
  float max, sum;
};
inline constexpr MaxSum kMaxSumOfNothing = {-FLT_MAX, 0};

/// Rescales the side with the smaller maximum only, so that the order of a and b does not matter.
struct MergeMaxSum {
  __device__ __forceinline__ MaxSum operator()(MaxSum a, MaxSum b) const {
    const MaxSum high = a.max < b.max ? b : a;
    const MaxSum low = a.max < b.max ? a : b;
    return {high.max, high.sum + low.sum * expf(low.max - high.max)};
  }
};

template <int kCount>
__device__ __forceinline__ float largest_of(const float (&values)[kCount], float start) {
  WEFT_UNROLL
  for (int i = 0; i < kCount; ++i) start = fmaxf(start, values[i]);
  return start;
}

/// For a row in registers (past its end: -inf).
template <class Shape>
__device__ __forceinline__ MaxSum max_sum(const float (&values)[Shape::kValues]) {
  const float max =
      threads_reduce<Shape::kThreads>(largest_of(values, -FLT_MAX), -FLT_MAX, Larger{});
  float sum = 0;
  WEFT_UNROLL
  for (const float value : values) sum += expf(value - max);
  return {max, threads_reduce<Shape::kThreads>(sum, 0.0f, Add{})};
}

/// For a row, or a part of one, that is read tile by tile: one pass, with the running sum rescaled once
/// a tile. keep(first, values) gets each tile on the way.
template <class Shape, class Keep>
__device__ __forceinline__ MaxSum online_max_sum(const float* row, const RowPlace<Shape>& place,
                                                 bool aligned, Keep keep) {
  MaxSum own = kMaxSumOfNothing;
  for (std::int64_t first = place.first; first < place.cols; first += Shape::kColumns) {
    float values[Shape::kValues];
    load_row<Shape>(values, row, place, first, aligned, -INFINITY);
    keep(first, values);
    const float max = largest_of(values, own.max);
    own = {max, own.sum * expf(own.max - max)};
    WEFT_UNROLL
    for (const float value : values) own.sum += expf(value - max);
  }
  return threads_reduce<Shape::kThreads>(own, kMaxSumOfNothing, MergeMaxSum{});
}

}  // namespace weft::kernels
