// The shadow of a region, and the device memory of race builds.

#include "src/executor/race_shadow.h"

#include <sys/mman.h>

#include <cstring>
#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "src/executor/race.h"
#include "weft/error.h"

namespace weft::executor::race {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kHeapBytes = std::size_t{32} << 30;  // address space, not memory
constexpr std::size_t kAlignment = 256;                    // cudaMalloc's
constexpr std::size_t kGap = 256;                          // dead bytes before each block, at least
constexpr std::size_t kQuarantine = std::size_t{64}
                                    << 20;            // bytes that are dead before they serve again
constexpr std::size_t kLarge = std::size_t{1} << 20;  // whose pages are given back at once

constexpr std::size_t round_up(std::size_t value, std::size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

class Heap {
 public:
  Heap() : memory_(static_cast<unsigned char*>(reserve(kHeapBytes))), region(memory_, kHeapBytes) {}

  void* allocate(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    const std::size_t room = round_up(bytes + kGap, kAlignment);
    std::vector<unsigned char*>& free = free_[room];
    unsigned char* memory;
    if (!free.empty()) {
      memory = free.back();
      free.pop_back();
    } else {
      if (room > kHeapBytes - top_) return nullptr;
      memory = memory_ + top_ + kGap;
      top_ += room;
    }
    sizes_[memory] = bytes;
    region.set_states(memory, bytes, State::initialised);  // by the host, as far as kernels see
    return memory;
  }

  void deallocate(unsigned char* memory) {
    const std::lock_guard lock(mutex_);
    const auto found = sizes_.find(memory);
    const std::size_t bytes = found->second, room = round_up(bytes + kGap, kAlignment);
    sizes_.erase(found);
    region.set_states(memory, bytes, State::outside);
    if (bytes >= kLarge) {
      give_back_pages(memory, bytes);
      region.forget_cells(memory, bytes);
    }
    quarantine_.emplace_back(memory, room);
    quarantined_ += room;
    while (quarantined_ > kQuarantine) {
      const auto [oldest, its_room] = quarantine_.front();
      quarantine_.pop_front();
      quarantined_ -= its_room;
      free_[its_room].push_back(oldest);
    }
  }

 private:
  std::mutex mutex_;
  unsigned char* const memory_;
  std::size_t top_ = 0, quarantined_ = 0;
  std::unordered_map<unsigned char*, std::size_t> sizes_;              // of what is handed out
  std::unordered_map<std::size_t, std::vector<unsigned char*>> free_;  // by room
  std::deque<std::pair<unsigned char*, std::size_t>> quarantine_;      // oldest first

 public:
  const Region region;
};

Heap& heap() {
  static Heap& the_heap = *new Heap;  // tensors may outlive any static object
  return the_heap;
}

}  // namespace

Region::Region(const void* begin, std::size_t bytes)
    : begin_(static_cast<const unsigned char*>(begin)),
      bytes_(bytes),
      cells_(static_cast<Cell*>(reserve(bytes * sizeof(Cell)))),
      states_(static_cast<std::uint8_t*>(reserve(bytes))) {}

void Region::split(std::size_t word) const {
  for (std::size_t i = 1; i < kWord; ++i) cells_[word + i] = cells_[word];
  states_[word] |= kSplit;
}

void Region::set_states(const void* first, std::size_t count, State state) const {
  std::memset(states_ + offset(first), static_cast<int>(state), count);
}

void Region::forget_cells(const void* first, std::size_t count) const {
  give_back_pages(cells_ + offset(first), count * sizeof(Cell));
}

void* reserve(std::size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    throw DeviceError("executor: no address space of " + std::to_string(bytes) +
                      " bytes for the race checks (vm.overcommit_memory may be 2)");
  return memory;
}

void give_back_pages(void* memory, std::size_t bytes) {
  const std::size_t first = round_up(reinterpret_cast<std::uintptr_t>(memory), kPage);
  const std::size_t end = (reinterpret_cast<std::uintptr_t>(memory) + bytes) / kPage * kPage;
  if (first < end) madvise(reinterpret_cast<void*>(first), end - first, MADV_DONTNEED);
}

const Region& device_memory() { return heap().region; }
void* allocate(std::size_t bytes) { return heap().allocate(bytes); }
void deallocate(void* memory) noexcept { heap().deallocate(static_cast<unsigned char*>(memory)); }

}  // namespace weft::executor::race
