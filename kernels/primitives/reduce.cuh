#pragma once

// Reductions of one value a thread over a group of lanes, a warp or a block; every thread gets the
// result. Which values meet in which order depends on the shape alone, so the same input gives the
// same bits. A warp exchanges by xor: lane i and lane i ^ m combine the same two values, and with a
// commutative `combine` all lanes end with equal bits. All lanes of a warp have to take part.

#include <cstring>

#include "weft/simt.h"

namespace weft::kernels {

inline constexpr int kWarpSize = 32;
inline constexpr unsigned kWholeWarp = 0xffffffffu;
inline constexpr int kMaxBlock = 1024;  // threads of a block, on every GPU

struct Add {
  template <class T>
  __device__ __forceinline__ T operator()(T a, T b) const {
    return a + b;
  }
};

/// The larger one; a NaN only where both are.
struct Larger {
  __device__ __forceinline__ float operator()(float a, float b) const { return fmaxf(a, b); }
};

/// The value of lane (own lane ^ lane_mask), for any plain type made of 32-bit words.
template <class T>
__device__ __forceinline__ T shuffle_xor(T value, int lane_mask) {
  constexpr int kWords = static_cast<int>(sizeof(T) / sizeof(unsigned));
  static_assert(sizeof(T) % sizeof(unsigned) == 0);
  unsigned words[kWords];
  memcpy(words, &value, sizeof value);
  WEFT_UNROLL
  for (int i = 0; i < kWords; ++i) words[i] = __shfl_xor_sync(kWholeWarp, words[i], lane_mask);
  memcpy(&value, words, sizeof value);
  return value;
}

/// Over each group of kLanes neighbouring lanes.
template <int kLanes, class T, class Combine>
__device__ __forceinline__ T group_reduce(T value, Combine combine) {
  static_assert(kLanes >= 1 && kLanes <= kWarpSize && (kLanes & (kLanes - 1)) == 0);
  WEFT_UNROLL
  for (int distance = kLanes / 2; distance > 0; distance /= 2)
    value = combine(value, shuffle_xor(value, distance));
  return value;
}

__device__ __forceinline__ float warp_sum(float value) {
  return group_reduce<kWarpSize>(value, Add{});
}
__device__ __forceinline__ float warp_max(float value) {
  return group_reduce<kWarpSize>(value, Larger{});
}

/// Over a one-dimensional block of whole warps. `identity` leaves any value as it is when combined.
template <class T, class Combine>
__device__ __forceinline__ T block_reduce(T value, T identity, Combine combine) {
  WEFT_SHARED(T, partials, [kMaxBlock / kWarpSize]);  // [warps of the block]
  const int warps = static_cast<int>(blockDim.x) / kWarpSize;
  const int warp = static_cast<int>(threadIdx.x) / kWarpSize;
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  value = group_reduce<kWarpSize>(value, combine);
  if (lane == 0) partials[warp] = value;
  __syncthreads();  // all partials are written
  value = group_reduce<kWarpSize>(lane < warps ? partials[lane] : identity, combine);
  __syncthreads();  // all have read: the next reduction may write
  return value;
}

__device__ __forceinline__ float block_sum(float value) { return block_reduce(value, 0.0f, Add{}); }

/// Of `count` values in memory, no more than the block has threads.
template <class T, class Combine>
__device__ __forceinline__ T block_reduce_all(const T* values, int count, T identity,
                                              Combine combine) {
  const int thread = static_cast<int>(threadIdx.x);
  return block_reduce(thread < count ? values[thread] : identity, identity, combine);
}

/// Over kThreads neighbouring threads: part of a warp, a warp, or the whole block.
template <int kThreads, class T, class Combine>
__device__ __forceinline__ T threads_reduce(T value, T identity, Combine combine) {
  if constexpr (kThreads <= kWarpSize)
    return group_reduce<kThreads>(value, combine);
  else
    return block_reduce(value, identity, combine);
}

}  // namespace weft::kernels
