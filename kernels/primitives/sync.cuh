#pragma once

// How threads of different blocks meet: by counters in global memory, at gpu scope. A release shows all
// that its thread has done, and has seen, to whoever acquires the counter afterwards; a relaxed operation
// shows nothing. A block releases for all its threads with a barrier before, and acquires for them with
// one behind:
//
//   __syncthreads();                                              // all have written
//   if (threadIdx.x == 0) add_release(counter, 1);
//   if (threadIdx.x == 0) wait_at_least(counter, gridDim.x);      // only in a cooperative launch
//   __syncthreads();                                              // all may read
//
// A thread that waits for another block needs that block to run: the launch has to be cooperative. Wait
// with wait_at_least and not in a loop of load_acquire, in which the executor would turn for ever.

#include "weft/simt.h"

namespace weft::kernels {

#if defined(__CUDACC__)

__device__ __forceinline__ void add_relaxed(unsigned* counter, unsigned value) {
  asm volatile("red.relaxed.gpu.global.add.u32 [%0], %1;\n" ::"l"(counter), "r"(value) : "memory");
}

__device__ __forceinline__ void add_release(unsigned* counter, unsigned value) {
  asm volatile("red.release.gpu.global.add.u32 [%0], %1;\n" ::"l"(counter), "r"(value) : "memory");
}

/// Returns what the counter held before.
__device__ __forceinline__ unsigned add_acq_rel(unsigned* counter, unsigned value) {
  unsigned before;
  asm volatile("atom.acq_rel.gpu.global.add.u32 %0, [%1], %2;\n"
               : "=r"(before)
               : "l"(counter), "r"(value)
               : "memory");
  return before;
}

__device__ __forceinline__ unsigned load_acquire(const unsigned* counter) {
  unsigned value;
  asm volatile("ld.acquire.gpu.global.u32 %0, [%1];\n" : "=r"(value) : "l"(counter) : "memory");
  return value;
}

__device__ __forceinline__ void store_release(unsigned* counter, unsigned value) {
  asm volatile("st.release.gpu.global.u32 [%0], %1;\n" ::"l"(counter), "r"(value) : "memory");
}

/// Waits until the counter is at `target` or up to 2^31 - 1 past it, counting on from 2^32 - 1 to 0, and
/// acquires it.
__device__ __forceinline__ void wait_at_least(const unsigned* counter, unsigned target) {
  while (static_cast<int>(load_acquire(counter) - target) < 0) {
  }
}

#else

inline void add_relaxed(unsigned* counter, unsigned value,
                        executor::Site at = executor::Site::current()) {
  executor::sync_add_relaxed(counter, value, at);
}
inline void add_release(unsigned* counter, unsigned value,
                        executor::Site at = executor::Site::current()) {
  executor::sync_add_release(counter, value, at);
}
inline unsigned add_acq_rel(unsigned* counter, unsigned value,
                            executor::Site at = executor::Site::current()) {
  return executor::sync_add_acq_rel(counter, value, at);
}
inline unsigned load_acquire(const unsigned* counter,
                             executor::Site at = executor::Site::current()) {
  return executor::sync_load_acquire(counter, at);
}
inline void store_release(unsigned* counter, unsigned value,
                          executor::Site at = executor::Site::current()) {
  executor::sync_store_release(counter, value, at);
}
inline void wait_at_least(const unsigned* counter, unsigned target,
                          executor::Site at = executor::Site::current()) {
  executor::sync_wait_at_least(counter, target, at);
}

#endif

/// Whether this block is the last of `blocks` to come here; what the others did before is visible to all
/// threads of the last one. All threads of a block call it. The launch need not be cooperative. `counter`
/// is 0 before the launch, and again after it.
__device__ __forceinline__ bool is_last_block(unsigned* counter, unsigned blocks) {
  WEFT_SHARED(unsigned, ticket, [1]);
  const bool leads = threadIdx.x == 0 && threadIdx.y == 0 && threadIdx.z == 0;
  __syncthreads();  // the block's results are written, and an earlier ticket is read
  if (leads) {
    ticket[0] = add_acq_rel(counter, 1);
    if (ticket[0] == blocks - 1) store_release(counter, 0);  // nobody else is to come
  }
  __syncthreads();  // the ticket is there, and what it acquired
  return ticket[0] == blocks - 1;
}

}  // namespace weft::kernels
