#pragma once

// Copies from global to shared memory that pass no registers and run on beside the thread that asked
// (cp.async, sm_80 and later). A thread commits the copies it has asked for as a group and waits
// until all but its newest groups have landed; a barrier then shows them to the rest of the block.
//
//   async_copy<16>(&tile[row][4 * lane], source);   // both addresses aligned to the 16 bytes
//   async_copy_commit();
//   async_copy_wait<0>();                           // 0: every group; 1: all but the newest one
//   __syncthreads();                                // the tile is there for all threads
//
// Only committed copies are waited for. A thread may not leave the kernel with a copy under way.

#include <cstddef>

#include "weft/simt.h"

namespace weft::kernels {

#if defined(__CUDACC__)

/// Copies `Bytes` (4, 8 or 16), reading only the first `valid_bytes` of them: the rest become 0, and
/// with none to read `global` need not point anywhere it may be read. 16 bytes bypass the L1 cache.
template <int Bytes>
__device__ __forceinline__ void async_copy_zero_fill(void* shared, const void* global,
                                                     unsigned valid_bytes) {
  static_assert(Bytes == 4 || Bytes == 8 || Bytes == 16);
  const auto target = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  if constexpr (Bytes == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;\n" ::"r"(target), "l"(global),
                 "r"(valid_bytes)
                 : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;\n" ::"r"(target), "l"(global),
                 "n"(Bytes), "r"(valid_bytes)
                 : "memory");
}

/// Copies `Bytes` (4, 8 or 16). Both addresses are multiples of Bytes.
template <int Bytes>
__device__ __forceinline__ void async_copy(void* shared, const void* global) {
  static_assert(Bytes == 4 || Bytes == 8 || Bytes == 16);
  const auto target = static_cast<unsigned>(__cvta_generic_to_shared(shared));
  if constexpr (Bytes == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;\n" ::"r"(target), "l"(global)
                 : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2;\n" ::"r"(target), "l"(global),
                 "n"(Bytes)
                 : "memory");
}

/// Makes one group of the copies that this thread has asked for since the last commit.
__device__ __forceinline__ void async_copy_commit() {
  asm volatile("cp.async.commit_group;\n" ::: "memory");
}

/// Waits until all but the newest `GroupsInFlight` groups of this thread have landed.
template <int GroupsInFlight>
__device__ __forceinline__ void async_copy_wait() {
  asm volatile("cp.async.wait_group %0;\n" ::"n"(GroupsInFlight) : "memory");
}

#else

template <int Bytes>
void async_copy_zero_fill(void* shared, const void* global, unsigned valid_bytes,
                          executor::Site at = executor::Site::current()) {
  static_assert(Bytes == 4 || Bytes == 8 || Bytes == 16);
  executor::async_copy(shared, global, Bytes, valid_bytes, at);
}
template <int Bytes>
void async_copy(void* shared, const void* global, executor::Site at = executor::Site::current()) {
  async_copy_zero_fill<Bytes>(shared, global, Bytes, at);
}
inline void async_copy_commit() { executor::commit_async_copies(); }
template <int GroupsInFlight>
void async_copy_wait() {
  executor::wait_async_copies(GroupsInFlight);
}

#endif

}  // namespace weft::kernels
