#include "src/device/pool.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <string>

#include "src/device/runtime.h"
#include "weft/error.h"

namespace weft {
namespace {

constexpr std::size_t kAlignment = 64;  // a cache line, and any vector load
constexpr std::size_t kLargestBlock = std::size_t{1} << 48;

// The CPU keeps no block above this size and no more than this in all: what is larger takes longer to
// use than to map, and the system's memory is shared with others.
constexpr std::size_t kLargestCachedOnCpu = std::size_t{64} << 20;
constexpr std::size_t kMostCachedOnCpu = std::size_t{256} << 20;

std::size_t round_to_class(std::size_t bytes) {
  const std::size_t step = std::max(kAlignment, std::bit_floor(bytes) / 8);
  return (bytes + step - 1) / step * step;
}

// Of a rounded size: multiples of 64 below 512 are classes 1 to 7, then eight for each doubling.
std::size_t class_of(std::size_t rounded) {
  if (rounded < 512) return rounded / kAlignment;
  const auto log2 = static_cast<std::size_t>(std::bit_width(rounded) - 1);
  return (log2 - 9) * 8 + (rounded >> (log2 - 3));
}

}  // namespace

Pool::Lists* Pool::find(StreamView stream) {
  for (Lists& lists : streams_)
    if (lists.stream == stream) return &lists;
  return nullptr;
}

Pool::Lists& Pool::lists_of(StreamView stream) {
  if (Lists* const lists = find(stream)) return *lists;
  streams_.push_back({stream, {}});
  return streams_.back();
}

void* Pool::allocate(std::size_t bytes, StreamView stream) {
  if (bytes > kLargestBlock)
    throw DeviceError(std::string(name_of(device_)) +
                      ": out of memory: expected at most 2^48 bytes, got " + std::to_string(bytes));
  const std::size_t rounded = kPoolCaches ? round_to_class(bytes) : bytes;
  const std::lock_guard lock(mutex_);
  void* memory = nullptr;
  if (kPoolCaches) {
    std::vector<void*>& free = lists_of(stream).blocks[class_of(rounded)];
    if (!free.empty()) {
      memory = free.back();
      free.pop_back();
      statistics_.cached -= rounded;
    }
  }
  if (memory == nullptr) memory = take_from_device(rounded, stream);
  statistics_.in_use += rounded;
  statistics_.peak = std::max(statistics_.peak, statistics_.in_use);
  return memory;
}

void Pool::release(void* memory, std::size_t bytes, StreamView stream) noexcept {
  const std::size_t rounded = kPoolCaches ? round_to_class(bytes) : bytes;
  const std::lock_guard lock(mutex_);
  statistics_.in_use -= rounded;
  if (kPoolCaches && find(stream) == nullptr) stream = heir_;  // the memory outlived its stream
  const bool is_cpu = device_ == Device::cpu;
  const bool is_kept =
      kPoolCaches && !(is_cpu && (rounded > kLargestCachedOnCpu ||
                                  statistics_.cached + rounded > kMostCachedOnCpu));
  if (is_kept) {
    try {
      lists_of(stream).blocks[class_of(rounded)].push_back(memory);
      statistics_.cached += rounded;
      return;
    } catch (const std::bad_alloc&) {  // no room to remember it
    }
  }
  give_to_device(memory, stream);
}

void Pool::forget(StreamView stream, StreamView heir) {
  if (stream == heir) return;
  const std::lock_guard lock(mutex_);
  Lists& to = lists_of(heir);  // made first: it may move the others
  heir_ = heir;
  Lists* const from = find(stream);
  if (from == nullptr) return;
  for (std::size_t i = 0; i < kClasses; ++i)
    to.blocks[i].insert(to.blocks[i].end(), from->blocks[i].begin(), from->blocks[i].end());
  streams_.erase(streams_.begin() + (from - streams_.data()));
}

void Pool::trim() {
  const std::lock_guard lock(mutex_);
  trim_locked();
}

// Blocks may stem from streams that are gone: the device is idle, so the own stream serves for all.
void Pool::trim_locked() {
  if (statistics_.cached == 0) return;
  StreamView stream;
  if (device_ == Device::gpu) {
    runtime::synchronize_device();
    stream = current_stream();
  }
  for (Lists& lists : streams_)
    for (std::vector<void*>& blocks : lists.blocks) {
      for (void* memory : blocks) give_to_device(memory, stream);
      blocks.clear();
    }
  statistics_.cached = 0;
}

PoolStatistics Pool::statistics() const {
  const std::lock_guard lock(mutex_);
  return statistics_;
}

void* Pool::take_from_device(std::size_t bytes, StreamView stream) {
  const auto take = [&]() -> void* {
    if (device_ == Device::gpu) return runtime::allocate(bytes, stream);
    void* memory = nullptr;
    if (posix_memalign(&memory, kAlignment, bytes) != 0)
      throw DeviceError("cpu: out of memory: no block of " + std::to_string(bytes) + " bytes left");
    return memory;
  };
  ++statistics_.from_device;
  void* memory = nullptr;
  try {
    memory = take();
  } catch (const DeviceError&) {
    if (statistics_.cached == 0) throw;
    trim_locked();
    memory = take();
  }
  if (!kPoolCaches) {
    if (device_ == Device::gpu)
      runtime::fill_bytes(memory, 0xFF, bytes, stream);
    else
      std::memset(memory, 0xFF, bytes);
  }
  return memory;
}

void Pool::give_to_device(void* memory, StreamView stream) noexcept {
  if (device_ == Device::gpu)
    runtime::release(memory, stream);
  else
    std::free(memory);
}

Pool& pool_of(Device device) {
  static Pool& cpu = *new Pool(Device::cpu);
  static Pool& gpu = *new Pool(Device::gpu);
  return device == Device::cpu ? cpu : gpu;
}

}  // namespace weft
