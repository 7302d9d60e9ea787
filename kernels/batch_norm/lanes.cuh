#pragma once

// A block goes over a matrix `width` columns by `lanes` rows at a time: thread t takes column t % width of row
// t / width, so that neighbours in memory are neighbours in the block for any width. The threads that are
// left over, fewer than a row, have a lane past the last and stay for the barriers.

#include <cstdint>

#include "kernels/primitives/reduce.cuh"

namespace weft::kernels {

struct BlockLanes {
  int width, lanes;  // of the block
  int column, lane;  // of this thread

  __device__ __forceinline__ explicit BlockLanes(int width_of_block) {
    width = width_of_block;
    lanes = static_cast<int>(blockDim.x) / width;
    column = static_cast<int>(threadIdx.x) % width;
    lane = static_cast<int>(threadIdx.x) / width;
  }
};

inline constexpr int kGroupChannels = 8;  // neighbours that share a sector of 32 bytes

/// Eight neighbouring channels, or what is left of them, for each block: [.., c] with the channels as columns.
struct ChannelGroup : BlockLanes {
  std::int64_t channel;  // of this thread

  __device__ __forceinline__ explicit ChannelGroup(std::int64_t c)
      : BlockLanes(static_cast<int>(min(c - first(), std::int64_t{kGroupChannels}))) {
    channel = first() + column;
  }
  __device__ static __forceinline__ std::int64_t first() {
    return static_cast<std::int64_t>(blockIdx.x) * kGroupChannels;
  }
  /// This thread's first row of so many; a thread that is left over has none.
  __device__ __forceinline__ std::int64_t first_row(std::int64_t rows) const {
    return lane < lanes ? lane : rows;
  }
};

/// Combines the values of each column in a tree whose form depends on `lanes` alone; all threads of the
/// column get the result. For blocks of at most kBlock threads.
template <int kBlock, class T, class Combine>
__device__ __forceinline__ T lanes_reduce(const T& value, const BlockLanes& place,
                                          Combine combine) {
  WEFT_SHARED(T, values, [kBlock]);
  const int thread = static_cast<int>(threadIdx.x);
  values[thread] = value;
  int half = 1;
  while (2 * half < place.lanes) half *= 2;
  for (; half > 0; half /= 2) {
    __syncthreads();  // the values of the last round are written
    if (place.lane < half && place.lane + half < place.lanes)
      values[thread] = combine(values[thread], values[thread + half * place.width]);
  }
  __syncthreads();  // the result of the last round is written
  const T result = values[place.column];
  __syncthreads();  // all have read: the next reduction may write
  return result;
}

}  // namespace weft::kernels
