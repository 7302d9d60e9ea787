// cp.async.bulk from global to shared memory. Until the copy lands its target is garbage, and its source may
// not change.

#include "src/executor/bulk_copy.h"

#include <cstring>
#include <string>

#include "src/executor/block_runner.h"
#include "src/executor/race.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace weft::executor {
namespace {

constexpr std::size_t kUnit = 16;  // of sizes and addresses
// In random order, one of so many operations on an mbarrier lets a copy land.
constexpr unsigned kLanding = 8;

bool is_aligned(const void* address) {
  return reinterpret_cast<std::uintptr_t>(address) % kUnit == 0;
}

}  // namespace

void BulkCopies::issue(const Issuer& issuer, void* shared, const void* global, std::size_t bytes,
                       std::uint64_t* barrier) {
  const SharedMemory& memory = issuer.block->shared;
  if (bytes == 0 || bytes % kUnit != 0)
    issuer.fail("bulk copy of " + std::to_string(bytes) + " bytes, expected a multiple of 16");
  if (!is_aligned(shared)) issuer.fail("bulk copy to a shared address that is no multiple of 16");
  if (!is_aligned(global)) issuer.fail("bulk copy from a global address that is no multiple of 16");
  if (!memory.contains(shared, bytes))
    issuer.fail("bulk copy to an address outside the block's shared memory");
  if (memory.contains(global, bytes)) issuer.fail("bulk copy from shared memory");
  auto* const target = static_cast<unsigned char*>(shared);
  for (const Copy& copy : copies_)
    if (target < copy.shared + copy.bytes && copy.shared < target + bytes)
      issuer.fail("bulk copy to where the one of " + to_string(copy.issuer.site) +
                  " is still under way");
  issuer.block->mbarriers.check_for_copy(issuer, barrier);
#if defined(__SANITIZE_ADDRESS__)
  if (__asan_region_is_poisoned(const_cast<void*>(global), bytes) != nullptr)
    issuer.fail("bulk copy reads outside an allocation");
  if (__asan_region_is_poisoned(shared, bytes) != nullptr)
    issuer.fail("bulk copy to shared memory outside an array, or still written by another copy");
#endif
  std::uint64_t number = 0;
  if constexpr (race::kEnabled) {
    race::touch(race::Kind::read, global, bytes, {issuer.site});
    number = race::begin_bulk_copy(shared, bytes, issuer.site);
  }
  std::memset(shared, 0xFF, bytes);
#if defined(__SANITIZE_ADDRESS__)
  ASAN_POISON_MEMORY_REGION(shared, bytes);
#endif
  copies_.push_back({issuer, target, global, bytes, barrier, number});
}

void BulkCopies::land(std::size_t position) {
  const Copy copy = copies_[position];
  copies_.erase(copies_.begin() + static_cast<std::ptrdiff_t>(position));
#if defined(__SANITIZE_ADDRESS__)
  ASAN_UNPOISON_MEMORY_REGION(copy.shared, copy.bytes);
#endif
  if constexpr (race::kEnabled)
    race::end_bulk_copy(copy.issuer.block->number, copy.number, copy.shared, copy.bytes,
                        copy.barrier);
  std::memcpy(copy.shared, copy.global, copy.bytes);
  copy.issuer.block->mbarriers.complete_bytes(copy.issuer, copy.barrier, copy.bytes);
}

void BulkCopies::check_at_the_end() const {
  if (!copies_.empty())
    copies_.front().issuer.fail("the block ends while its bulk copy is under way");
}

bool BlockRunner::land_copy(ResidentBlock& block) {
  const std::size_t count = block.bulk_copies.under_way();
  if (count == 0) return false;
  block.bulk_copies.land(order_ == Order::ascending    ? 0
                         : order_ == Order::descending ? count - 1
                                                       : random() % count);
  return true;
}

void BlockRunner::land_by_chance() {
  if (order_ == Order::random && random() % kLanding == 0) land_copy(*block_);
}

void bulk_copy(void* shared, const void* global, std::size_t bytes, std::uint64_t* barrier,
               Site at) {
  BlockRunner& runner = BlockRunner::current();
  runner.require_capability(90, "cp.async.bulk", at);
  ResidentBlock& block = runner.block();
  block.bulk_copies.issue({&block, runner.running(), at}, shared, global, bytes, barrier);
}

}  // namespace weft::executor
