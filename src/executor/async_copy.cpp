#include "src/executor/async_copy.h"

#include <cstring>
#include <string>

#include "src/executor/block_runner.h"
#include "src/executor/race.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace weft::executor {

void AsyncCopies::begin_block(unsigned threads) {
  if (queues_.size() < threads) queues_.resize(threads);
  if (!used_) return;
  for (Queue& queue : queues_) {
    queue.copies.clear();
    queue.group_ends.clear();
  }
  used_ = false;
}

void AsyncCopies::issue(unsigned thread, void* shared, const void* global, std::size_t bytes,
                        std::size_t valid_bytes, Site at) {
  BlockRunner& runner = BlockRunner::current();
  runner.require_capability(80, "cp.async", at);
  if (bytes != 4 && bytes != 8 && bytes != 16)
    runner.fail("cp.async copies 4, 8 or 16 bytes, got " + std::to_string(bytes), at);
  if (valid_bytes > bytes)
    runner.fail(
        "cp.async of " + std::to_string(bytes) + " bytes reads " + std::to_string(valid_bytes), at);
  if (reinterpret_cast<std::uintptr_t>(shared) % bytes != 0)
    runner.fail("cp.async of " + std::to_string(bytes) + " bytes to a misaligned shared address",
                at);
  if (reinterpret_cast<std::uintptr_t>(global) % bytes != 0)
    runner.fail("cp.async of " + std::to_string(bytes) + " bytes from a misaligned global address",
                at);
  if (!runner.block().shared.contains(shared, bytes))
    runner.fail("cp.async to an address outside the block's shared memory", at);
  if (valid_bytes > 0 && runner.block().shared.contains(global, valid_bytes))
    runner.fail("cp.async from shared memory", at);
#if defined(__SANITIZE_ADDRESS__)
  if (valid_bytes > 0 &&
      __asan_region_is_poisoned(const_cast<void*>(global), valid_bytes) != nullptr)
    runner.fail("cp.async reads outside an allocation", at);
  if (__asan_region_is_poisoned(shared, bytes) != nullptr)
    runner.fail("cp.async to shared memory outside an array, or still written by a copy under way",
                at);
#endif
  if constexpr (race::kEnabled) {
    race::touch(race::Kind::read, global, valid_bytes, {at});
    race::begin_copy(shared, bytes, at);
  }
  std::memset(shared, 0xFF, bytes);
#if defined(__SANITIZE_ADDRESS__)
  ASAN_POISON_MEMORY_REGION(shared, bytes);
#endif
  used_ = true;
  queues_[thread].copies.push_back({shared, global, bytes, valid_bytes, at});
}

void AsyncCopies::commit(unsigned thread) {
  queues_[thread].group_ends.push_back(queues_[thread].copies.size());
  used_ = true;
}

void AsyncCopies::wait(unsigned thread, int newest_groups_in_flight) {
  auto& [copies, group_ends] = queues_[thread];
  const auto in_flight = static_cast<std::size_t>(newest_groups_in_flight);
  if (group_ends.size() <= in_flight) return;
  const std::size_t groups = group_ends.size() - in_flight, landing = group_ends[groups - 1];
  for (std::size_t i = 0; i < landing; ++i) {
    const Copy& copy = copies[i];
#if defined(__SANITIZE_ADDRESS__)
    ASAN_UNPOISON_MEMORY_REGION(copy.shared, copy.bytes);
#endif
    if constexpr (race::kEnabled) {
      race::touch(race::Kind::read, copy.global, copy.valid_bytes, {copy.site});
      race::end_copy(copy.shared, copy.bytes, copy.site);
    }
    std::memset(copy.shared, 0, copy.bytes);
    if (copy.valid_bytes > 0) std::memcpy(copy.shared, copy.global, copy.valid_bytes);
  }
  copies.erase(copies.begin(), copies.begin() + static_cast<std::ptrdiff_t>(landing));
  group_ends.erase(group_ends.begin(), group_ends.begin() + static_cast<std::ptrdiff_t>(groups));
  for (std::size_t& end : group_ends) end -= landing;
}

const Site* AsyncCopies::oldest(unsigned thread) const {
  return used_ && !queues_[thread].copies.empty() ? &queues_[thread].copies.front().site : nullptr;
}

void async_copy(void* shared, const void* global, std::size_t bytes, std::size_t valid_bytes,
                Site at) {
  BlockRunner& runner = BlockRunner::current();
  runner.block().copies.issue(runner.running(), shared, global, bytes, valid_bytes, at);
}
void commit_async_copies() {
  BlockRunner& runner = BlockRunner::current();
  runner.block().copies.commit(runner.running());
}
void wait_async_copies(int newest_groups_in_flight) {
  BlockRunner& runner = BlockRunner::current();
  runner.block().copies.wait(runner.running(), newest_groups_in_flight);
}

}  // namespace weft::executor
