// mbarrier: its state lies packed in the barrier's own 64 bits of shared memory, as on the device, though the
// device's layout is its own secret. A copy of the bits shows a barrier that somebody has written over.

#include "src/executor/mbarrier.h"

#include <algorithm>
#include <atomic>

#include "src/executor/block_runner.h"
#include "src/executor/race.h"

namespace weft::executor {
namespace {

constexpr unsigned kCountBits = 20;
constexpr std::int64_t kMaxCount = (1 << kCountBits) - 1;  // of arrivals, and of bytes either way
constexpr std::uint64_t kTag = 1;                          // not what uninitialised memory has

// What stands for the phases that have ended, among the addresses to which threads release.
const void* phase_of(const std::uint64_t* barrier) {
  return reinterpret_cast<const unsigned char*>(barrier) + 1;
}

// What the running thread has done so far is shown to those who wait for the end of the phase.
void release(const std::uint64_t* barrier) {
  if constexpr (race::kEnabled) race::release(barrier);
  std::atomic_thread_fence(std::memory_order_release);
}
// What was done before the arrivals of a phase that has ended is there for the running thread.
void acquire(const std::uint64_t* barrier) {
  std::atomic_thread_fence(std::memory_order_acquire);
  if constexpr (race::kEnabled) race::acquire(phase_of(barrier));
}

Issuer running(const char* instruction, Site at) {
  BlockRunner& runner = BlockRunner::current();
  runner.require_capability(90, instruction, at);
  return {&runner.block(), runner.running(), at};
}

}  // namespace

void Issuer::fail(const std::string& what) const {
  BlockRunner::current().fail_as(*block, block->threads[thread], what, site);
}

void Mbarriers::begin_block() {
  known_.clear();
  waits_.clear();
}

Mbarriers::State Mbarriers::unpack(std::uint64_t bits) {
  const auto field = [&](unsigned low, unsigned width) {
    return static_cast<unsigned>(bits >> low & ((1u << width) - 1));
  };
  return {static_cast<int>(field(0, kCountBits + 1)) - (1 << kCountBits),
          field(kCountBits + 1, kCountBits), field(2 * kCountBits + 1, kCountBits),
          field(3 * kCountBits + 1, 1)};
}

std::uint64_t Mbarriers::pack(const State& state) {
  const auto bytes = static_cast<std::uint64_t>(state.missing_bytes + (1 << kCountBits));
  return bytes | std::uint64_t{state.missing} << (kCountBits + 1) |
         std::uint64_t{state.count} << (2 * kCountBits + 1) |
         std::uint64_t{state.parity} << (3 * kCountBits + 1) | kTag << (3 * kCountBits + 2);
}

std::size_t Mbarriers::checked(const Issuer& issuer, const std::uint64_t* barrier) const {
  const auto known = std::find_if(known_.begin(), known_.end(),
                                  [&](const Known& k) { return k.barrier == barrier; });
  if (known == known_.end()) issuer.fail("uses an mbarrier that is not initialised");
  if (*barrier != known->bits) issuer.fail("uses an mbarrier that was written over");
  return static_cast<std::size_t>(known - known_.begin());
}

void Mbarriers::init(const Issuer& issuer, std::uint64_t* barrier, unsigned count) {
  if (reinterpret_cast<std::uintptr_t>(barrier) % sizeof *barrier != 0)
    issuer.fail("initialises a misaligned mbarrier");
  if (!issuer.block->shared.contains(barrier, sizeof *barrier))
    issuer.fail("initialises an mbarrier outside the block's shared memory");
  if (count == 0 || count > kMaxCount)
    issuer.fail("initialises an mbarrier for " + std::to_string(count) +
                " arrivals, expected 1 to " + std::to_string(kMaxCount));
  for (const Known& known : known_)
    if (known.barrier == barrier) issuer.fail("initialises an mbarrier again");
  if constexpr (race::kEnabled)
    race::touch(race::Kind::write, barrier, sizeof *barrier, {issuer.site});
  known_.push_back({barrier, 0, issuer.thread, false});
  store(*issuer.block, known_.back(), {0, count, count, 0});
}

void Mbarriers::fence_init(unsigned thread) {
  for (Known& known : known_) known.is_fenced = known.is_fenced || known.thread == thread;
}

void Mbarriers::arrive(const Issuer& issuer, std::uint64_t* barrier, unsigned expected_bytes) {
  Known& known = known_[checked(issuer, barrier)];
  State state = unpack(known.bits);
  if (state.missing == 0)
    issuer.fail("arrives at an mbarrier where all " + std::to_string(state.count) +
                " arrivals of the phase have come");
  if constexpr (race::kEnabled)
    race::touch(race::Kind::atomic_update, barrier, sizeof *barrier, {issuer.site});
  release(barrier);
  expect(issuer, state, expected_bytes);
  --state.missing;
  store(*issuer.block, known, state);
}

bool Mbarriers::try_wait(const Issuer& issuer, std::uint64_t* barrier, unsigned parity) {
  if (parity > 1) issuer.fail("waits for parity " + std::to_string(parity) + ", expected 0 or 1");
  const State state = unpack(known_[checked(issuer, barrier)].bits);
  if constexpr (race::kEnabled)
    race::touch(race::Kind::atomic_read, barrier, sizeof *barrier, {issuer.site});
  if (state.parity != parity) return true;
  waits_.push_back({issuer.thread, barrier, parity});
  return false;
}

void Mbarriers::check_for_copy(const Issuer& issuer, std::uint64_t* barrier) const {
  if (!known_[checked(issuer, barrier)].is_fenced)
    issuer.fail("copies to an mbarrier without mbarrier_fence_init behind its initialisation");
}

void Mbarriers::complete_bytes(const Issuer& issuer, std::uint64_t* barrier, std::size_t bytes) {
  Known& known = known_[checked(issuer, barrier)];
  State state = unpack(known.bits);
  expect(issuer, state, -static_cast<std::int64_t>(bytes));
  store(*issuer.block, known, state);
}

void Mbarriers::expect(const Issuer& issuer, State& state, std::int64_t bytes) const {
  const std::int64_t missing = state.missing_bytes + bytes;
  if (std::max(missing, -missing) > kMaxCount)
    issuer.fail("counts " + std::to_string(missing) + " bytes at an mbarrier, the limit is " +
                std::to_string(kMaxCount));
  state.missing_bytes = static_cast<int>(missing);
}

// Where nothing is missing any more the phase ends.
void Mbarriers::store(ResidentBlock& block, Known& known, State state) {
  const bool ends = state.missing == 0 && state.missing_bytes == 0;
  if (ends) {
    state.missing = state.count;
    state.parity ^= 1;
  }
  *known.barrier = known.bits = pack(state);
  if (!ends) return;
  if constexpr (race::kEnabled) race::hand_on(block.number, known.barrier, phase_of(known.barrier));
  std::erase_if(waits_, [&](const Wait& wait) {
    if (wait.barrier != known.barrier || wait.parity == state.parity) return false;
    block.wake(wait.thread);
    return true;
  });
}

std::string Mbarriers::wait_of(unsigned thread) const {
  for (const Wait& wait : waits_) {
    if (wait.thread != thread) continue;
    const auto known = std::find_if(known_.begin(), known_.end(),
                                    [&](const Known& k) { return k.barrier == wait.barrier; });
    const State state = unpack(known->bits);
    const std::string bytes =
        state.missing_bytes < 0
            ? ", " + std::to_string(-state.missing_bytes) + " bytes have landed that none expected,"
            : " and " + std::to_string(state.missing_bytes) + " bytes are missing";
    return " (" + std::to_string(state.missing) + " of " + std::to_string(state.count) +
           " arrivals" + bytes + " in its phase of parity " + std::to_string(state.parity) + ")";
  }
  return "";
}

void mbarrier_init(std::uint64_t* barrier, unsigned count, Site at) {
  const Issuer issuer = running("mbarrier.init", at);
  issuer.block->mbarriers.init(issuer, barrier, count);
}

void mbarrier_fence_init(Site at) {
  const Issuer issuer = running("fence.mbarrier_init", at);
  issuer.block->mbarriers.fence_init(issuer.thread);
}

void mbarrier_arrive(std::uint64_t* barrier, unsigned expected_bytes, Site at) {
  const Issuer issuer = running("mbarrier.arrive", at);
  BlockRunner::current().land_by_chance();
  issuer.block->mbarriers.arrive(issuer, barrier, expected_bytes);
  BlockRunner::current().pass_by_chance();
}

void mbarrier_wait_parity(std::uint64_t* barrier, unsigned parity, Site at) {
  const Issuer issuer = running("mbarrier.try_wait", at);
  BlockRunner& runner = BlockRunner::current();
  runner.land_by_chance();
  if (!issuer.block->mbarriers.try_wait(issuer, barrier, parity))
    runner.park(*issuer.block, "mbarrier_wait_parity", at);
  acquire(barrier);
}

}  // namespace weft::executor
