#pragma once

// Barriers in shared memory that count arrivals and bytes, and bulk copies that report to them (sm_90 and
// later). A phase of an mbarrier ends when `count` arrivals have come and as many bytes have landed as were
// expected; then the next phase begins. The parity of the first phase is 0. A ring of buffers has two
// barriers a buffer: `full` ends a phase when the copy has landed, `empty` when all readers are through.
//
//   WEFT_SHARED(Mbarrier, full, [1]);
//   if (threadIdx.x == 0) { mbarrier_init(&full[0], 1); mbarrier_fence_init(); }
//   __syncthreads();                                        // the barrier is there for all
//   if (threadIdx.x == 0) {
//     mbarrier_arrive_expect_tx(&full[0], 256);
//     bulk_copy(tile, source, 256, &full[0]);
//   }
//   mbarrier_wait_parity(&full[0], 0);                      // all threads see the tile
//
// A wait for parity p ends when the phase under way has the other parity: on a new barrier a wait for 1
// ends at once. A block may not end with a copy under way.

#include <cstdint>

#include "weft/simt.h"

namespace weft::kernels {

/// In shared memory; its bits are the hardware's.
using Mbarrier = std::uint64_t;

#if defined(__CUDACC__)

// On GPUs before sm_90 a kernel that gets here stops.

/// By one thread, before any other use; `count` is 1 to 2^20 - 1.
__device__ __forceinline__ void mbarrier_init(Mbarrier* barrier, unsigned count) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;\n" ::"r"(
                   static_cast<unsigned>(__cvta_generic_to_shared(barrier))),
               "r"(count)
               : "memory");
#else
  __trap();
#endif
}

/// Shows the barriers that this thread has initialised to the copy engine. A __syncthreads behind it shows
/// them to the block.
__device__ __forceinline__ void mbarrier_fence_init() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  asm volatile("fence.mbarrier_init.release.cluster;\n" ::: "memory");
#else
  __trap();
#endif
}

/// One arrival; a release of what this thread has done.
__device__ __forceinline__ void mbarrier_arrive(Mbarrier* barrier) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];\n" ::"r"(
                   static_cast<unsigned>(__cvta_generic_to_shared(barrier)))
               : "memory");
#else
  __trap();
#endif
}

/// One arrival, and `bytes` more that have to land before the phase ends.
__device__ __forceinline__ void mbarrier_arrive_expect_tx(Mbarrier* barrier, unsigned bytes) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;\n" ::"r"(
                   static_cast<unsigned>(__cvta_generic_to_shared(barrier))),
               "r"(bytes)
               : "memory");
#else
  __trap();
#endif
}

/// Waits until the phase of this parity has ended, and acquires what was done before its arrivals and what
/// its copies have written.
__device__ __forceinline__ void mbarrier_wait_parity(Mbarrier* barrier, unsigned parity) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  const auto address = static_cast<unsigned>(__cvta_generic_to_shared(barrier));
  unsigned ended = 0;
  while (ended == 0)
    asm volatile(
        "{\n"
        ".reg .pred ended;\n"
        "mbarrier.try_wait.parity.shared::cta.b64 ended, [%1], %2;\n"
        "selp.u32 %0, 1, 0, ended;\n"
        "}\n"
        : "=r"(ended)
        : "r"(address), "r"(parity)
        : "memory");
#else
  __trap();
#endif
}

/// Starts a copy from global to shared memory whose bytes count for `barrier`. Both addresses and `bytes`
/// are multiples of 16. One thread asks for the whole copy.
__device__ __forceinline__ void bulk_copy(void* shared, const void* global, unsigned bytes,
                                          Mbarrier* barrier) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  asm volatile(
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];\n" ::
          "r"(static_cast<unsigned>(__cvta_generic_to_shared(shared))),
      "l"(global), "r"(bytes), "r"(static_cast<unsigned>(__cvta_generic_to_shared(barrier)))
      : "memory");
#else
  __trap();
#endif
}

#else

inline void mbarrier_init(Mbarrier* barrier, unsigned count,
                          executor::Site at = executor::Site::current()) {
  executor::mbarrier_init(barrier, count, at);
}
inline void mbarrier_fence_init(executor::Site at = executor::Site::current()) {
  executor::mbarrier_fence_init(at);
}
inline void mbarrier_arrive(Mbarrier* barrier, executor::Site at = executor::Site::current()) {
  executor::mbarrier_arrive(barrier, 0, at);
}
inline void mbarrier_arrive_expect_tx(Mbarrier* barrier, unsigned bytes,
                                      executor::Site at = executor::Site::current()) {
  executor::mbarrier_arrive(barrier, bytes, at);
}
inline void mbarrier_wait_parity(Mbarrier* barrier, unsigned parity,
                                 executor::Site at = executor::Site::current()) {
  executor::mbarrier_wait_parity(barrier, parity, at);
}
inline void bulk_copy(void* shared, const void* global, unsigned bytes, Mbarrier* barrier,
                      executor::Site at = executor::Site::current()) {
  executor::bulk_copy(shared, global, bytes, barrier, at);
}

#endif

}  // namespace weft::kernels
