#include "src/executor/block_runner.h"

#include "src/executor/race.h"
#include "weft/error.h"

namespace weft::executor {

constinit thread_local const ThreadContext* current_thread = nullptr;
constinit thread_local const BlockContext* current_block = nullptr;
constinit thread_local BlockRunner* BlockRunner::current_runner_ = nullptr;

namespace {

constexpr unsigned lanes_up_to(unsigned count) {
  return count >= kWarpSize ? ~0u : (1u << count) - 1;
}

}  // namespace

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
  block_.block_dim = launch.grid.block;
  block_.grid_dim = launch.grid.grid;
  const dim3& shape = launch.grid.block;
  if (shape.x == prepared_for_.x && shape.y == prepared_for_.y && shape.z == prepared_for_.z)
    return;
  prepared_for_ = shape;
  threads_.resize(launch.block_threads);
  warp_count_ = (launch.block_threads + kWarpSize - 1) / kWarpSize;
  unsigned linear = 0;
  for (unsigned z = 0; z < shape.z; ++z)
    for (unsigned y = 0; y < shape.y; ++y)
      for (unsigned x = 0; x < shape.x; ++x, ++linear)
        threads_[linear].context = {{x, y, z}, linear};
}

uint3 BlockRunner::index_of(std::uint64_t block_number) const {
  const dim3& grid = launch_->grid.grid;
  return {static_cast<unsigned>(block_number % grid.x),
          static_cast<unsigned>(block_number / grid.x % grid.y),
          static_cast<unsigned>(block_number / grid.x / grid.y)};
}

void BlockRunner::run(std::uint64_t block_number) {
  block_.index = index_of(block_number);
  // The seed of a block does not depend on the OS thread that runs it.
  random_state_ = (launch_->config.seed + 0x1234567) * 0x9E3779B97F4A7C15ull ^
                  (launch_->serial * 1000003 + block_number) * 0xD1B54A32D192ED03ull;
  if (random_state_ == 0) random_state_ = 1;

  live_ = launch_->block_threads;
  for (Thread& thread : threads_) thread.fiber = nullptr;
  for (unsigned w = 0; w < warp_count_; ++w) {
    warps_[w].alive = warps_[w].ready = lanes_up_to(live_ - w * kWarpSize);
    warps_[w].group_count = 0;
  }
  arrived_ = 0;
  predicate_sum_ = 0;
  draw_priorities();
  if constexpr (race::kEnabled)
    race::begin_block(0, block_number, live_, shared_.arena(), kArenaBytes);
  shared_.begin_block(launch_->grid.shared_bytes, launch_->model.shared_bytes_per_block);
  copies_.begin_block(live_);
  ++stats_.blocks;
  stats_.threads += live_;

  current_ = &main_;
  current_block = &block_;
  Thread& first = take_next();
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
    launch_->thread(launch_->body);
    Fiber& fiber = *current_;
    finish(*fiber.thread);
    if (available_ == 0) {
      fibers_.give_back(&fiber);
      run_next();
      continue;  // somebody took this fiber again
    }
    Thread& next = take_next();
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

void BlockRunner::finish(Thread& thread) {
  if (const Site* copy = copies_.oldest(thread.context.linear))
    fail("leaves the kernel without waiting for its cp.async", *copy);
  if (arrived_ > 0) fail_at_exit();
  --live_;
  const unsigned warp_number = thread.context.linear / kWarpSize;
  Warp& warp = warps_[warp_number];
  warp.alive &= ~(1u << thread.context.linear % kWarpSize);
  // It may have been the last lane that others waited for.
  for (unsigned group = warp.group_count; group-- > 0;) complete_if_all_arrived(warp_number, group);
}

void BlockRunner::wake(unsigned thread) {
  const unsigned warp_number = thread / kWarpSize;
  warps_[warp_number].ready |= 1u << thread % kWarpSize;
  available_ |= 1u << rank_of_[warp_number];
}

void BlockRunner::draw_priorities() {
  for (unsigned r = 0; r < warp_count_; ++r)
    warp_of_rank_[r] =
        static_cast<std::uint8_t>(order_ == Order::descending ? warp_count_ - 1 - r : r);
  if (order_ == Order::random)
    for (unsigned r = warp_count_; r > 1; --r)
      std::swap(warp_of_rank_[r - 1], warp_of_rank_[random() % r]);
  available_ = 0;
  for (unsigned r = 0; r < warp_count_; ++r) {
    rank_of_[warp_of_rank_[r]] = static_cast<std::uint8_t>(r);
    if (warps_[warp_of_rank_[r]].ready != 0) available_ |= 1u << r;
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
