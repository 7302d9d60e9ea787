#include "src/executor/shared_memory.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>

#include "src/executor/block_runner.h"
#include "src/executor/race.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define WEFT_POISON(memory, bytes) ASAN_POISON_MEMORY_REGION(memory, bytes)
#define WEFT_UNPOISON(memory, bytes) ASAN_UNPOISON_MEMORY_REGION(memory, bytes)
#else
#define WEFT_POISON(memory, bytes) (void)0
#define WEFT_UNPOISON(memory, bytes) (void)0
#endif

namespace weft::executor {
namespace {

constexpr std::size_t kArenaAlignment = 4096;
constexpr std::size_t kGap = 64;
constexpr std::size_t kStaticLimit = 48 * 1024;  // of the compiler, on every GPU

constexpr std::size_t round_up(std::size_t value, std::size_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

SharedMemory::SharedMemory() : storage_(new unsigned char[kArenaBytes + kArenaAlignment]) {
  const auto address = reinterpret_cast<std::uintptr_t>(storage_.get());
  arena_ = storage_.get() + (round_up(address, kArenaAlignment) - address);
  WEFT_POISON(arena_, kArenaBytes);
}

SharedMemory::~SharedMemory() { WEFT_UNPOISON(arena_, kArenaBytes); }

void SharedMemory::begin_block(std::size_t dynamic_bytes, std::size_t limit_bytes) {
  WEFT_POISON(arena_, high_);
  if constexpr (race::kEnabled) race::end_arrays(arena_, high_);
  ++block_;
  end_ = high_ = static_ = 0;
  dynamic_bytes_ = dynamic_bytes;
  limit_ = limit_bytes;
}

void* SharedMemory::carve(std::size_t bytes, std::size_t alignment) {
  const std::size_t begin = round_up(end_ + kGap, alignment);
  if (begin + bytes + kGap > kArenaBytes)
    BlockRunner::current().fail("has too many arrays in shared memory for the executor");
  end_ = high_ = begin + bytes;
  WEFT_UNPOISON(arena_ + begin, bytes);
  std::memset(arena_ + begin, 0xFF, bytes);
  if constexpr (race::kEnabled) race::begin_array(arena_ + begin, bytes);
  return arena_ + begin;
}

void* SharedMemory::variable(SharedVariable& variable) {
  static std::atomic<int> next_id{0};
  int id = __atomic_load_n(&variable.id, __ATOMIC_RELAXED);
  if (id < 0) {  // two OS threads may come here at once: the first one's number stays
    int unset = -1;
    id = next_id.fetch_add(1);
    if (!__atomic_compare_exchange_n(&variable.id, &unset, id, false, __ATOMIC_RELAXED,
                                     __ATOMIC_RELAXED))
      id = unset;
  }
  if (static_cast<std::size_t>(id) >= slots_.size())
    slots_.resize(static_cast<std::size_t>(id) + 16);
  Slot& slot = slots_[static_cast<std::size_t>(id)];
  if (slot.block == block_) return slot.memory;

  const std::size_t alignment = std::max<std::size_t>(variable.alignment, 16);
  static_ = round_up(static_, alignment) + variable.bytes;
  if (static_ > kStaticLimit)
    BlockRunner::current().fail(
        "declares " + std::to_string(static_) +
        " bytes of WEFT_SHARED arrays, the limit is 49152: use WEFT_DYNAMIC_SHARED");
  if (round_up(static_, 128) + dynamic_bytes_ > limit_)
    BlockRunner::current().fail(
        "needs " + std::to_string(static_) + " bytes of static and " +
        std::to_string(dynamic_bytes_) + " bytes of dynamic shared memory, " +
        BlockRunner::current().model().name + " has " + std::to_string(limit_));
  slot = {carve(variable.bytes, alignment), block_};
  return slot.memory;
}

void* SharedMemory::dynamic() {
  if (dynamic_slot_.block != block_) dynamic_slot_ = {carve(dynamic_bytes_, 128), block_};
  return dynamic_slot_.memory;
}

bool SharedMemory::contains(const void* begin, std::size_t bytes) const {
  const auto first = reinterpret_cast<std::uintptr_t>(begin);
  const auto arena = reinterpret_cast<std::uintptr_t>(arena_);
  return first >= arena && first + bytes <= arena + end_;
}

void* shared_variable(SharedVariable& variable) {
  return BlockRunner::current().block().shared.variable(variable);
}
void* dynamic_shared() { return BlockRunner::current().block().shared.dynamic(); }

}  // namespace weft::executor
