#pragma once

// The g++ side of weft/simt.h: CUDA's words as plain C++ over the SIMT executor. Include weft/simt.h.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <source_location>
#include <type_traits>

#include "weft/simt_host_functions.h"
#include "weft/stream.h"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __align__(n) alignas(n)
#define WEFT_UNROLL _Pragma("GCC unroll 16")
#define WEFT_NO_UNROLL _Pragma("GCC unroll 1")

struct uint3 {
  unsigned x, y, z;
};
struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};
struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
struct alignas(8) uint2 {
  unsigned x, y;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
struct alignas(4) uchar4 {
  unsigned char x, y, z, w;
};
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

namespace weft::executor {

/// A place in a kernel's source, taken by default arguments where a barrier or a warp operation is.
using Site = std::source_location;

struct ThreadContext {
  uint3 index;      // threadIdx
  unsigned linear;  // x + blockDim.x * (y + blockDim.y * z)
};
struct BlockContext {
  uint3 index;  // blockIdx
  dim3 block_dim, grid_dim;
};
// initial-exec: kernels read these all the time, and in a shared library the default is a call.
extern constinit thread_local const ThreadContext* current_thread
    [[gnu::tls_model("initial-exec")]];
extern constinit thread_local const BlockContext* current_block [[gnu::tls_model("initial-exec")]];

struct Grid {
  dim3 grid, block;
  std::size_t shared_bytes;
  bool cooperative;
  const void* kernel;    // the function that every thread runs
  const char* launcher;  // the function that called launch(), as the compiler spells it
  const char* file;
  unsigned line;
};
void launch_grid(const Grid& grid, StreamView stream, void (*thread)(const void*),
                 const void* body);
unsigned max_resident_blocks(unsigned block_threads, std::size_t dynamic_shared_bytes);

/// One WEFT_SHARED declaration; `id` is given out at first use.
struct SharedVariable {
  std::size_t bytes, alignment;
  int id = -1;
};
void* shared_variable(SharedVariable& variable);  // this block's copy
void* dynamic_shared();

void block_barrier(Site at);                       // __syncthreads
int block_barrier_count(bool predicate, Site at);  // __syncthreads_count

enum class WarpOp : std::uint8_t { sync, shfl, shfl_up, shfl_down, shfl_xor, ballot, whole_warp };
struct WarpArgument {  // what one lane brings to a warp operation, and takes from it (value)
  WarpOp op;
  unsigned mask;
  int selector, width;
  std::uint64_t value;
};
void warp_collective(WarpArgument& argument,
                     Site at);  // returns when the last lane of the mask is there

/// What a lane brings to an operation of all 32 lanes (WarpOp::whole_warp, `value` points to it). The last
/// lane to come calls `complete`, the same in all lanes, with what each of them brought.
struct WholeWarp {
  const char* name;
  void (*complete)(WholeWarp* const* lanes);
};

/// The matrix instructions: kernels/primitives/mma.cuh has the layouts.
enum class MatrixElement : std::uint8_t { bf16, f16, tf32 };
void load_matrices(std::uint32_t* registers, const void* row, int matrices, bool transposed,
                   Site at);
void store_matrices(void* row, const std::uint32_t* registers, int matrices, bool transposed,
                    Site at);
void multiply_matrices(MatrixElement element, float* c, const std::uint32_t* a,
                       const std::uint32_t* b, Site at);

/// cp.async: the target is garbage until wait_async_copies lets the copy land. Of its bytes the first
/// `valid_bytes` are read, the rest become 0.
void async_copy(void* shared, const void* global, std::size_t bytes, std::size_t valid_bytes,
                Site at);
void commit_async_copies();
void wait_async_copies(int newest_groups_in_flight);

/// Counters in global memory, by which threads of different blocks meet: kernels/primitives/sync.cuh.
void sync_add_relaxed(unsigned* counter, unsigned value, Site at);
void sync_add_release(unsigned* counter, unsigned value, Site at);
unsigned sync_add_acq_rel(unsigned* counter, unsigned value, Site at);
unsigned sync_load_acquire(const unsigned* counter, Site at);
void sync_store_release(unsigned* counter, unsigned value, Site at);
void sync_wait_at_least(const unsigned* counter, unsigned target, Site at);

/// Barriers in shared memory and the bulk copies that report to them: kernels/primitives/mbarrier.cuh. The
/// target of a copy is garbage until the copy lands.
void mbarrier_init(std::uint64_t* barrier, unsigned count, Site at);
void mbarrier_fence_init(Site at);
void mbarrier_arrive(std::uint64_t* barrier, unsigned expected_bytes, Site at);
void mbarrier_wait_parity(std::uint64_t* barrier, unsigned parity, Site at);
void bulk_copy(void* shared, const void* global, std::size_t bytes, std::uint64_t* barrier,
               Site at);

template <class T>
T shuffle(WarpOp op, unsigned mask, T value, int selector, int width, Site at) {
  static_assert(sizeof(T) <= 8 && std::is_trivially_copyable_v<T>);
  WarpArgument argument{op, mask, selector, width, 0};
  std::memcpy(&argument.value, &value, sizeof(T));
  warp_collective(argument, at);
  std::memcpy(&value, &argument.value, sizeof(T));
  return value;
}

}  // namespace weft::executor

#define threadIdx (::weft::executor::current_thread->index)
#define blockIdx (::weft::executor::current_block->index)
#define blockDim (::weft::executor::current_block->block_dim)
#define gridDim (::weft::executor::current_block->grid_dim)

// A reference to a real array type, so that -fsanitize=bounds checks every extent of it.
#define WEFT_SHARED(T, name, extents)                                                       \
  typedef T name##_array extents;                                                           \
  static constinit ::weft::executor::SharedVariable name##_variable{sizeof(name##_array),   \
                                                                    alignof(name##_array)}; \
  name##_array& name =                                                                      \
      *static_cast<name##_array*>(::weft::executor::shared_variable(name##_variable))
#define WEFT_DYNAMIC_SHARED(T, name) T* name = static_cast<T*>(::weft::executor::dynamic_shared())

inline void __syncthreads(weft::executor::Site at = weft::executor::Site::current()) {
  weft::executor::block_barrier(at);
}
inline int __syncthreads_count(int p, weft::executor::Site at = weft::executor::Site::current()) {
  return weft::executor::block_barrier_count(p != 0, at);
}
inline void __syncwarp(unsigned mask = ~0u,
                       weft::executor::Site at = weft::executor::Site::current()) {
  weft::executor::WarpArgument argument{weft::executor::WarpOp::sync, mask, 0, 32, 0};
  weft::executor::warp_collective(argument, at);
}
template <class T>
T __shfl_sync(unsigned mask, T value, int lane, int width = 32,
              weft::executor::Site at = weft::executor::Site::current()) {
  return weft::executor::shuffle(weft::executor::WarpOp::shfl, mask, value, lane, width, at);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32,
                 weft::executor::Site at = weft::executor::Site::current()) {
  return weft::executor::shuffle(weft::executor::WarpOp::shfl_up, mask, value,
                                 static_cast<int>(delta), width, at);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32,
                   weft::executor::Site at = weft::executor::Site::current()) {
  return weft::executor::shuffle(weft::executor::WarpOp::shfl_down, mask, value,
                                 static_cast<int>(delta), width, at);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32,
                  weft::executor::Site at = weft::executor::Site::current()) {
  return weft::executor::shuffle(weft::executor::WarpOp::shfl_xor, mask, value, lane_mask, width,
                                 at);
}
inline unsigned __ballot_sync(unsigned mask, int predicate,
                              weft::executor::Site at = weft::executor::Site::current()) {
  weft::executor::WarpArgument argument{weft::executor::WarpOp::ballot, mask, 0, 32,
                                        predicate != 0 ? 1u : 0u};
  weft::executor::warp_collective(argument, at);
  return static_cast<unsigned>(argument.value);
}
inline int __any_sync(unsigned mask, int predicate,
                      weft::executor::Site at = weft::executor::Site::current()) {
  return __ballot_sync(mask, predicate, at) != 0;
}
inline int __all_sync(unsigned mask, int predicate,
                      weft::executor::Site at = weft::executor::Site::current()) {
  return __ballot_sync(mask, !predicate, at) == 0;
}
