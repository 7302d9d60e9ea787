#pragma once

// The SIMT executor runs the grids of a kernel on the CPU. A CUDA thread is a fiber, a block lives on
// one OS thread from its first to its last instruction, and whatever waits on the device (a barrier,
// a warp operation) is a point where another fiber goes on. This header is what tests and the
// run-time may set and ask; kernels see weft/simt.h alone.

#include <cstddef>
#include <cstdint>
#include <string>

namespace weft::executor {

/// In which order the blocks of a grid and the threads of a block run. `random` gives every warp a
/// priority, drawn anew at each barrier: that finds more than a fair choice at every step does.
enum class Order : std::uint8_t { ascending, descending, random };

/// The GPU whose limits are enforced.
struct DeviceModel {
  const char* name;                    // "sm_80"
  int compute_capability;              // 80
  std::size_t shared_bytes_per_block;  // after opting in
  unsigned multiprocessors;            // of one GPU with it: T4, A100, RTX 3090, RTX 4090, H100
  unsigned threads_per_multiprocessor, blocks_per_multiprocessor;
  std::size_t shared_bytes_per_multiprocessor;
  std::size_t shared_bytes_reserved;  // of a block's, for the system
};

/// sm_75, 80, 86, 89 and 90. Throws DeviceError for any other compute capability.
const DeviceModel& device_model(int compute_capability);

/// How many blocks the GPU has room for at once. Registers and WEFT_SHARED arrays are left out: the
/// executor does not know them before a kernel runs.
unsigned max_resident_blocks(const DeviceModel& model, unsigned block_threads,
                             std::size_t dynamic_shared_bytes);

/// WEFT_EXECUTOR_THREADS, else the number of CPUs this process may use; at most 16.
unsigned default_os_threads();

struct Config {
  Order order = Order::ascending;
  std::uint64_t seed = 1;  // of the random order
  unsigned os_threads = default_os_threads();
  int compute_capability = 90;  // of the device model
};

Config config();

/// For all launches from now on. Restarts the random order: the same launches in the same Config run
/// in the same order, block by block. Throws DeviceError for a Config that names no model or thread.
void configure(const Config& config);

/// What has run since the process began.
struct Stats {
  std::uint64_t launches = 0, blocks = 0, threads = 0;
  std::uint64_t fibers = 0, switches = 0, barriers = 0, warp_operations = 0;
};
Stats stats();

}  // namespace weft::executor
