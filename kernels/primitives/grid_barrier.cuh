#pragma once

// A barrier of all threads of a cooperative grid, to be used again and again. The counter only grows: one
// that is set back for the next round can lose a block that has not yet seen the end of this one.

#include "kernels/primitives/sync.cuh"

namespace weft::kernels {

/// Every thread of the grid makes one, in the same way, and calls the same functions of it. `counter`, which
/// wants a cache line of its own, holds `start` when the launch begins, and start + blocks * rounds (modulo
/// 2^32) when it ends.
class GridBarrier {
 public:
  __device__ __forceinline__ explicit GridBarrier(unsigned* counter, unsigned start = 0)
      : counter_(counter), target_(start) {}

  /// What the block has done until here is shown to all blocks that wait() for this round. Work that does
  /// not touch what others write or read fits between arrive() and wait().
  __device__ __forceinline__ void arrive() {
    __syncthreads();  // all threads of the block have come: the release speaks for them
    if (leads()) add_release(counter_, 1);
    target_ += gridDim.x * gridDim.y * gridDim.z;
  }

  /// Until all blocks have arrived.
  __device__ __forceinline__ void wait() {
    if (leads()) wait_at_least(counter_, target_);
    __syncthreads();  // passes on to the block what its first thread has acquired
  }

  __device__ __forceinline__ void arrive_and_wait() {
    arrive();
    wait();
  }

 private:
  static __device__ __forceinline__ bool leads() {
    return threadIdx.x == 0 && threadIdx.y == 0 && threadIdx.z == 0;
  }

  unsigned* counter_;
  unsigned target_;  // what the counter holds when all have arrived in this round
};

}  // namespace weft::kernels
