// Device::gpu as the SIMT executor: its memory is ordinary memory, and every launch, copy and fill is
// done before the call returns.

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

#include "src/device/runtime.h"
#include "src/executor/executor.h"
#include "src/executor/race.h"
#include "weft/error.h"

namespace weft::runtime {
namespace {

constexpr std::size_t kAlignment = 256;  // cudaMalloc's

std::size_t physical_bytes() {
  return static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) *
         static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

std::string probe() { return ""; }

int device_count() { return 1; }
int settle(int) { return 0; }

DeviceProperties properties(int) {
  const executor::Config config = executor::config();
  DeviceProperties properties;
  properties.name = "SIMT executor, " + std::to_string(config.os_threads) +
                    (config.os_threads == 1 ? " thread" : " threads");
  properties.compute_capability = config.compute_capability;
  properties.multiprocessors = static_cast<int>(config.os_threads);
  properties.memory_bytes = physical_bytes();
  properties.shared_bytes_per_block =
      executor::device_model(config.compute_capability).shared_bytes_per_block;
  properties.is_executor = true;
  properties.driver = "none";
  return properties;
}

void* allocate(std::size_t bytes, StreamView) {
  // Exactly the bytes asked for, so that AddressSanitizer sees a kernel that reads one too far.
  void* memory = nullptr;
  if (bytes <= physical_bytes()) {
    if constexpr (executor::race::kEnabled)
      memory = executor::race::allocate(bytes);
    else if (posix_memalign(&memory, kAlignment, std::max<std::size_t>(bytes, 1)) != 0)
      memory = nullptr;
  }
  if (memory == nullptr)
    throw DeviceError("out of memory on the SIMT executor: " + std::to_string(bytes) +
                      " bytes asked for");
  return memory;
}

void release(void* memory, StreamView) noexcept {
  if constexpr (executor::race::kEnabled) return executor::race::deallocate(memory);
  std::free(memory);
}

void copy(void* to, const void* from, std::size_t bytes, Direction, StreamView) {
  if (bytes == 0) return;
  const auto* const target = static_cast<const std::byte*>(to);
  const auto* const source = static_cast<const std::byte*>(from);
  if (target < source + bytes && source < target + bytes)  // undefined with CUDA
    throw DeviceError("copy: expected " + std::to_string(bytes) +
                      " bytes each that do not overlap, got overlapping ones");
  std::memcpy(to, from, bytes);
}

void fill_bytes(void* to, int byte, std::size_t bytes, StreamView) {
  if (bytes > 0) std::memset(to, byte, bytes);
}

// A stream has nothing to hold, but each has an address of its own.
StreamView create_stream() { return StreamView(new char); }
void destroy_stream(StreamView stream) noexcept { delete static_cast<char*>(stream.handle()); }
void synchronize(StreamView) {}
void synchronize_device() {}

}  // namespace weft::runtime
