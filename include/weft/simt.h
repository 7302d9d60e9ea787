#pragma once

// The language that kernels are written in. Compiled by nvcc this is CUDA; compiled by g++ the same
// text runs on the CPU under the SIMT executor (src/executor). Kernel files include this header, the
// light headers beside it and kernels/primitives, nothing else.
//
//   WEFT_SHARED(float, tile, [kTileK][kTileM]);      // instead of __shared__ float tile[kTileK][kTileM]
//   WEFT_DYNAMIC_SHARED(float, row);                 // instead of extern __shared__: float* row
//   WEFT_UNROLL for (...)                            // unroll fully
//   launch(kernel<float>, {.grid = blocks, .block = kThreads}, stream, arguments...);

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>

#include "weft/error.h"
#include "weft/stream.h"

// runtime_cuda.cpp, which g++ compiles, includes CUDA's header first and so takes CUDA's side.
#if defined(__CUDACC__) || defined(__CUDA_RUNTIME_H__)
#include <cuda_runtime.h>

/// An array of T in the block's shared memory: WEFT_SHARED(float, tile, [8][32]). In the executor it starts as NaN.
#define WEFT_SHARED(T, name, extents) __shared__ __align__(16) T name extents
/// The block's dynamic shared memory, LaunchShape::shared_bytes, as T* name.
#define WEFT_DYNAMIC_SHARED(T, name)                                          \
  extern __shared__ __align__(128) unsigned char weft_dynamic_shared_bytes[]; \
  T* name = reinterpret_cast<T*>(weft_dynamic_shared_bytes)
/// Before a loop: unroll it fully.
#define WEFT_UNROLL _Pragma("unroll")
/// Before a loop: do not unroll it.
#define WEFT_NO_UNROLL _Pragma("unroll 1")
#else
#include "weft/simt_host.h"
#endif

namespace weft {
/// @addtogroup simt
/// @{

/// The shape of a launch. `where` names the launcher in error messages; leave it alone.
struct LaunchShape {
  dim3 grid{1, 1, 1};            ///< blocks
  dim3 block{1, 1, 1};           ///< threads of a block
  std::size_t shared_bytes = 0;  ///< dynamic shared memory of a block
  bool cooperative = false;      ///< all blocks run at once, and may wait for each other
  std::source_location where = std::source_location::current();  ///< who launches
};

#if defined(__CUDACC__) || defined(__CUDA_RUNTIME_H__)

/// src/device/runtime_cuda.cpp. Raises the kernel's shared-memory limit when needed, launches, and
/// throws DeviceError with the kernel's name where the launch is refused.
void launch_grid(const void* kernel, const LaunchShape& shape, StreamView stream, void** arguments);

/// src/device/runtime_cuda.cpp. What the template of this name counts.
unsigned max_resident_blocks(const void* kernel, unsigned block_threads, std::size_t shared_bytes);

/// The largest grid of a cooperative launch: blocks of `kernel` that the device has room for at once.
template <class... Parameters>
unsigned max_resident_blocks(void (*kernel)(Parameters...), unsigned block_threads,
                             std::size_t shared_bytes = 0) {
  return max_resident_blocks(reinterpret_cast<const void*>(kernel), block_threads, shared_bytes);
}

/// Queues kernel(arguments...) on `stream`. Does not synchronise, unless WEFT_SYNC_LAUNCHES=1 is set
/// in the environment: then an error names the kernel that made it.
template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), const LaunchShape& shape, StreamView stream,
            Arguments&&... arguments) {
  static_assert(sizeof...(Parameters) == sizeof...(Arguments));
  std::tuple<std::remove_cv_t<Parameters>...> values(
      static_cast<Parameters>(std::forward<Arguments>(arguments))...);
  std::apply(
      [&](auto&... value) {
        void* pointers[] = {static_cast<void*>(&value)..., nullptr};
        launch_grid(reinterpret_cast<const void*>(kernel), shape, stream, pointers);
      },
      values);
}

#else

/// The largest grid of a cooperative launch on the GPU that the executor models. It does not know the
/// kernel's registers and WEFT_SHARED arrays, so a GPU may have room for fewer.
template <class... Parameters>
unsigned max_resident_blocks(void (*)(Parameters...), unsigned block_threads,
                             std::size_t shared_bytes = 0) {
  return executor::max_resident_blocks(block_threads, shared_bytes);
}

/// Runs kernel(arguments...) for every thread of the grid on the executor, before it returns. Throws
/// DeviceError that names kernel, block, thread, file and line where a check fails.
template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), const LaunchShape& shape, StreamView stream,
            Arguments&&... arguments) {
  static_assert(sizeof...(Parameters) == sizeof...(Arguments));
  const std::tuple<std::remove_cv_t<Parameters>...> values(
      static_cast<Parameters>(std::forward<Arguments>(arguments))...);
  const auto thread = [&] { std::apply(kernel, values); };
  executor::launch_grid(
      executor::Grid{shape.grid, shape.block, shape.shared_bytes, shape.cooperative,
                     reinterpret_cast<const void*>(kernel), shape.where.function_name(),
                     shape.where.file_name(), shape.where.line()},
      stream, [](const void* body) { (*static_cast<decltype(thread)*>(body))(); }, &thread);
}

#endif

/// @}
}  // namespace weft
