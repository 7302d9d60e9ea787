#include "src/executor/block_runner.h"

#include "src/executor/race.h"
#include "weft/error.h"

namespace weft::executor {

constinit thread_local const ThreadContext* current_thread = nullptr;
constinit thread_local const BlockContext* current_block = nullptr;
constinit thread_local BlockRunner* BlockRunner::current_runner_ = nullptr;

namespace {

// In random order, of so many chances to leave a block that could go on one is taken.
constexpr unsigned kStay = 32;

}  // namespace

uint3 index_in(const dim3& grid, std::uint64_t number) {
  return {static_cast<unsigned>(number % grid.x), static_cast<unsigned>(number / grid.x % grid.y),
          static_cast<unsigned>(number / grid.x / grid.y)};
}

BlockRunner& BlockRunner::of_this_os_thread() {
  static thread_local std::unique_ptr<BlockRunner> runner;
  if (!runner) {
    runner = std::make_unique<BlockRunner>();
    name_threads_in_sanitizer_reports();
  }
  current_runner_ = runner.get();
  return *runner;
}

void BlockRunner::begin_launch(const Launch& launch) {
  launch_ = &launch;
  order_ = launch.config.order;
}

void BlockRunner::run(std::uint64_t first_block, unsigned count) {
  // The seed of a block does not depend on the OS thread that runs it.
  random_state_ = (launch_->config.seed + 0x1234567) * 0x9E3779B97F4A7C15ull ^
                  (launch_->serial * 1000003 + first_block) * 0xD1B54A32D192ED03ull;
  if (random_state_ == 0) random_state_ = 1;
  leaves_by_chance_ = count > 1 && order_ == Order::random;
  while (resident_.size() < count) resident_.push_back(std::make_unique<ResidentBlock>());
  resident_count_ = count;
  for (unsigned i = 0; i < count; ++i) {
    ResidentBlock& block = *resident_[i];
    if constexpr (race::kEnabled)
      race::begin_block(i, first_block + i, launch_->block_threads, block.shared.arena(),
                        kArenaBytes);
    block.number = i;
    block.begin(launch_->grid, index_in(launch_->grid.grid, first_block + i),
                launch_->model.shared_bytes_per_block);
    draw_priorities(block);
  }
  unfinished_ = count;
  counter_waits_.clear();
  stats_.blocks += count;
  stats_.threads += std::uint64_t{count} * launch_->block_threads;

  current_ = &main_;
  enter(*choose_block());
  Thread& first = take_next(*block_);
  first.fiber = fibers_.take();
  first.fiber->thread = &first;
  switch_to(*first.fiber);
  current_thread = nullptr;
  current_block = nullptr;
  if (error_) {
    fibers_.restart();
    std::rethrow_exception(std::exchange(error_, nullptr));
  }
}

Stats BlockRunner::take_stats() {
  stats_.fibers = fibers_.size() - std::exchange(counted_fibers_, fibers_.size());
  return std::exchange(stats_, {});
}

void BlockRunner::run_threads() {
  for (;;) {
    ResidentBlock& block = *block_;
    launch_->thread(launch_->body);
    Fiber& fiber = *current_;
    finish(block, *fiber.thread);
    ResidentBlock* next_block = find_work(block);
    if (next_block == nullptr) {
      fibers_.give_back(&fiber);
      switch_to(main_);
      continue;  // somebody took this fiber again
    }
    Thread& next = take_next(*next_block);
    if (next.fiber ==
        nullptr) {  // a thread that has not started runs on this very stack: no switch
      next.fiber = &fiber;
      fiber.thread = &next;
      current_thread = &next.context;
    } else {
      fibers_.give_back(&fiber);
      switch_to(*next.fiber);
    }
  }
}

void fiber_body() {
  BlockRunner& runner = BlockRunner::current();
  try {
    runner.run_threads();
  } catch (...) {
    runner.error_ = std::current_exception();
  }
  // Outside the handler, since the C++ run-time counts the handlers of an OS thread, not of a fiber.
  // The other threads of the block are abandoned where they stand.
  runner.switch_to(runner.main_);
  __builtin_unreachable();
}

void BlockRunner::stop(const std::string& what, const std::string& place) {
  error_ = std::make_exception_ptr(DeviceError(running_place() + ", " + place + ": " + what));
  switch_to(main_);
  __builtin_unreachable();
}

void BlockRunner::finish(ResidentBlock& block, Thread& thread) {
  if (const Site* copy = block.copies.oldest(thread.context.linear))
    fail("leaves the kernel without waiting for its cp.async", *copy);
  if (block.arrived > 0) fail_at_exit();
  if (--block.live == 0) {
    --unfinished_;
    block.bulk_copies.check_at_the_end();
  }
  const unsigned warp_number = thread.context.linear / kWarpSize;
  Warp& warp = block.warps[warp_number];
  warp.alive &= ~(1u << thread.context.linear % kWarpSize);
  // It may have been the last lane that others waited for.
  for (unsigned group = warp.group_count; group-- > 0;) complete_if_all_arrived(warp_number, group);
}

// The first of which the predicate holds, in the order of the launch; in random order from any of them on.
template <class Predicate>
ResidentBlock* BlockRunner::first_block(Predicate holds) {
  const unsigned count = resident_count_;
  if (count == 1) return holds(*resident_[0]) ? resident_[0].get() : nullptr;
  const unsigned start = leaves_by_chance_ ? static_cast<unsigned>(random() % count) : 0;
  for (unsigned i = 0; i < count; ++i) {
    const unsigned k = order_ == Order::descending ? count - 1 - i : (start + i) % count;
    if (holds(*resident_[k])) return resident_[k].get();
  }
  return nullptr;
}

ResidentBlock* BlockRunner::find_work_elsewhere() {
  if (block_->available != 0 && random() % kStay != 0) return block_;
  for (;;) {
    if (ResidentBlock* next = choose_block()) {
      enter(*next);
      return next;
    }
    if (unfinished_ == 0) return nullptr;
    if (!wake_waiting(nullptr) && !land_any_copy()) fail_in_deadlock();
  }
}

ResidentBlock* BlockRunner::choose_block() {
  return first_block([](ResidentBlock& block) { return block.available != 0; });
}

bool BlockRunner::land_any_copy() {
  return first_block([this](ResidentBlock& block) { return land_copy(block); }) != nullptr;
}

void BlockRunner::enter(ResidentBlock& block) {
  block_ = &block;
  current_block = &block.context;
  if constexpr (race::kEnabled) race::enter_block(block.number);
}

void BlockRunner::draw_priorities(ResidentBlock& block) {
  const unsigned warps = block.warp_count;
  for (unsigned r = 0; r < warps; ++r)
    block.warp_of_rank[r] =
        static_cast<std::uint8_t>(order_ == Order::descending ? warps - 1 - r : r);
  if (order_ == Order::random)
    for (unsigned r = warps; r > 1; --r)
      std::swap(block.warp_of_rank[r - 1], block.warp_of_rank[random() % r]);
  block.available = 0;
  for (unsigned r = 0; r < warps; ++r) {
    block.rank_of[block.warp_of_rank[r]] = static_cast<std::uint8_t>(r);
    if (block.warps[block.warp_of_rank[r]].ready != 0) block.available |= 1u << r;
  }
}

std::uint64_t BlockRunner::random() {  // xorshift64
  random_state_ ^= random_state_ << 13;
  random_state_ ^= random_state_ >> 7;
  random_state_ ^= random_state_ << 17;
  return random_state_;
}

unsigned BlockRunner::random_lane(unsigned ready) {
  for (auto skip = random() % static_cast<unsigned>(std::popcount(ready)); skip > 0; --skip)
    ready &= ready - 1;
  return static_cast<unsigned>(std::countr_zero(ready));
}

}  // namespace weft::executor
