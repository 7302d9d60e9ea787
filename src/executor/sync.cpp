// Counters in global memory, by which threads of different blocks meet (kernels/primitives/sync.cuh). A
// thread that waits is parked; an operation on its counter wakes it, or, where other means have changed the
// counter, the moment at which nothing else can run.

#include <atomic>
#include <string>

#include "src/executor/block_runner.h"
#include "src/executor/race.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace weft::executor {
namespace {

// In random order, one of so many operations lets another thread go on.
constexpr unsigned kPassing = 4;

// What the running thread has done so far is shown to whoever acquires the counter later on.
void release(const unsigned* counter) {
  if constexpr (race::kEnabled) race::release(counter);
  std::atomic_thread_fence(std::memory_order_release);
}
// What was released to the counter until now is there for the running thread.
void acquire(const unsigned* counter) {
  std::atomic_thread_fence(std::memory_order_acquire);
  if constexpr (race::kEnabled) race::acquire(counter);
}

unsigned value_of(const unsigned* counter) { return __atomic_load_n(counter, __ATOMIC_RELAXED); }

bool has_reached(const unsigned* counter, unsigned target) {
  return static_cast<int>(value_of(counter) - target) >= 0;
}

BlockRunner& checked_runner(const unsigned* counter, const char* name, Site at,
                            [[maybe_unused]] race::Kind kind = race::Kind::atomic_update) {
  BlockRunner& runner = BlockRunner::current();
  if (reinterpret_cast<std::uintptr_t>(counter) % sizeof *counter != 0)
    runner.fail(std::string(name) + " on a misaligned counter", at);
  if (runner.block().shared.contains(counter, sizeof *counter))
    runner.fail(std::string(name) + " on shared memory, a counter is in global memory", at);
#if defined(__SANITIZE_ADDRESS__)
  if (__asan_region_is_poisoned(const_cast<unsigned*>(counter), sizeof *counter) != nullptr)
    runner.fail(std::string(name) + " outside an allocation", at);
#endif
  if constexpr (race::kEnabled) race::touch(kind, counter, sizeof *counter, {at});
  return runner;
}

unsigned add(BlockRunner& runner, unsigned* counter, unsigned value) {
  const unsigned before = __atomic_fetch_add(counter, value, __ATOMIC_RELAXED);
  runner.wake_waiting(counter);
  return before;
}

}  // namespace

void BlockRunner::wait_at_least(const unsigned* counter, unsigned target, Site at) {
  while (!has_reached(counter, target)) {
    counter_waits_.push_back({counter, target, block_, running()});
    park(*block_, "wait_at_least", at);
  }
}

bool BlockRunner::wake_waiting(const unsigned* counter) {
  const auto is_over = [&](const CounterWait& wait) {
    if ((counter != nullptr && wait.counter != counter) || !has_reached(wait.counter, wait.target))
      return false;
    wait.block->wake(wait.thread);
    return true;
  };
  return std::erase_if(counter_waits_, is_over) > 0;
}

std::string BlockRunner::counter_wait_of(const ResidentBlock& block, unsigned thread) const {
  for (const CounterWait& wait : counter_waits_)
    if (wait.block == &block && wait.thread == thread)
      return " (the counter is " + std::to_string(value_of(wait.counter)) + ", awaited is " +
             std::to_string(wait.target) + ")";
  return "";
}

void BlockRunner::pass_by_chance() {
  if (order_ != Order::random || random() % kPassing != 0) return;
  ResidentBlock& block = *block_;
  block.wake(running());
  if (leaves_by_chance_) enter(*choose_block());
  run_next(*block_);
}

void sync_add_relaxed(unsigned* counter, unsigned value, Site at) {
  BlockRunner& runner = checked_runner(counter, "add_relaxed", at);
  add(runner, counter, value);
  runner.pass_by_chance();
}

void sync_add_release(unsigned* counter, unsigned value, Site at) {
  BlockRunner& runner = checked_runner(counter, "add_release", at);
  release(counter);
  add(runner, counter, value);
  runner.pass_by_chance();
}

unsigned sync_add_acq_rel(unsigned* counter, unsigned value, Site at) {
  BlockRunner& runner = checked_runner(counter, "add_acq_rel", at);
  release(counter);
  const unsigned before = add(runner, counter, value);
  acquire(counter);
  runner.pass_by_chance();
  return before;
}

unsigned sync_load_acquire(const unsigned* counter, Site at) {
  BlockRunner& runner = checked_runner(counter, "load_acquire", at, race::Kind::atomic_read);
  runner.pass_by_chance();
  const unsigned value = value_of(counter);
  acquire(counter);
  return value;
}

void sync_store_release(unsigned* counter, unsigned value, Site at) {
  BlockRunner& runner = checked_runner(counter, "store_release", at);
  release(counter);
  __atomic_store_n(counter, value, __ATOMIC_RELAXED);
  runner.wake_waiting(counter);
  runner.pass_by_chance();
}

void sync_wait_at_least(const unsigned* counter, unsigned target, Site at) {
  BlockRunner& runner = checked_runner(counter, "wait_at_least", at, race::Kind::atomic_read);
  runner.pass_by_chance();
  runner.wait_at_least(counter, target, at);
  acquire(counter);
}

}  // namespace weft::executor
