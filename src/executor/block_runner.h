#pragma once

// Runs blocks of a grid one after another on one OS thread. The threads of a block take turns: one
// runs until it ends or parks, then the next that can run goes on. Barriers, warp operations and
// whatever else a thread may wait for are written with park() and wake().

#include <bit>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/executor/async_copy.h"
#include "src/executor/executor.h"
#include "src/executor/fiber.h"
#include "src/executor/shared_memory.h"
#include "weft/simt.h"

namespace weft::executor {

constexpr unsigned kWarpSize = 32;
constexpr unsigned kMaxThreads = 1024;  // of a block
constexpr unsigned kMaxWarps = kMaxThreads / kWarpSize;

/// What all OS threads that work on one launch share and none of them changes.
struct Launch {
  const Grid& grid;
  void (*thread)(const void*);  // runs the kernel for one CUDA thread
  const void* body;
  Config config;
  const DeviceModel& model;
  std::uint64_t serial;  // launches since configure()
  std::uint64_t blocks;
  unsigned block_threads;
};

struct Thread {
  ThreadContext context{};
  Fiber* fiber = nullptr;            // null: not started yet
  WarpArgument* argument = nullptr;  // while it waits in a warp operation
  const char* waits_for = "";        // while it is parked
  Site site;                         // where it is parked
};

/// Lanes that wait for each other in one warp operation.
struct WarpGroup {
  unsigned mask, arrived;
  WarpOp op;
  Site site;
};

struct Warp {
  unsigned alive = 0, ready = 0;  // lanes; ready: can run now
  unsigned group_count = 0;
  WarpGroup groups[kWarpSize];
};

class BlockRunner {
 public:
  BlockRunner() : main_(os_thread_fiber()) {}

  /// The one of this OS thread.
  static BlockRunner& current() { return *current_runner_; }
  static BlockRunner& of_this_os_thread();

  void begin_launch(const Launch& launch);
  /// Runs one block to its end. Throws what the kernel threw, or DeviceError where a check failed.
  void run(std::uint64_t block_number);
  /// What has run here since the last call.
  Stats take_stats();

  // For the models of instructions: about the CUDA thread that is running.
  unsigned running() const { return current_->thread->context.linear; }
  const DeviceModel& model() const { return launch_->model; }
  SharedMemory& shared() { return shared_; }
  AsyncCopies& copies() { return copies_; }

  int barrier(int predicate, const char* name, Site at);
  void warp_collective(WarpArgument& argument, Site at);

  /// The running thread stops until wake() names it. `waits_for` is for the deadlock report.
  void park(const char* waits_for, Site at);
  void wake(unsigned thread);

  void require_capability(int compute_capability, const char* instruction, Site at) const;
  /// "softmax_registers_kernel: block (3, 0, 0), thread (5, 0, 0)".
  std::string running_place() const;
  /// Ends the launch with a DeviceError that names kernel, block and the running thread.
  [[noreturn]] void fail(const std::string& what, Site at = {}) const;
  /// The same for callers that must not throw: the thread is left where it stands.
  [[noreturn]] void stop(const std::string& what, const std::string& place);
  /// "thread (5, 0, 0)", with its block where that is not the running one.
  std::string name_of(std::uint64_t block_number, unsigned thread) const;

 private:
  friend void fiber_body();

  uint3 index_of(std::uint64_t block_number) const;
  void run_threads();  // on a fiber
  void run_next();     // leaves the running thread for another one
  void switch_to(Fiber& fiber);
  void finish(Thread& thread);  // the running thread has come to its end
  void draw_priorities();
  Thread& take_next();  // requires available_ != 0
  void complete_if_all_arrived(unsigned warp_number, unsigned group_number);
  [[noreturn, gnu::noinline]] void fail_at_barrier(const char* name, Site at) const;
  [[noreturn, gnu::noinline]] void fail_in_warp_operation(const WarpArgument& argument,
                                                          const char* why, Site at,
                                                          const WarpGroup* others = nullptr) const;
  [[noreturn, gnu::noinline]] void fail_without_lane(unsigned warp_number,
                                                     const WarpGroup& group) const;
  std::string place() const;  // "softmax: block (3, 0, 0)"
  static std::string name_of(const Thread& thread);
  [[noreturn, gnu::noinline]] void fail_at_exit() const;
  [[noreturn, gnu::noinline]] void fail_in_deadlock() const;
  std::uint64_t random();
  unsigned random_lane(unsigned ready);

  static constinit thread_local BlockRunner* current_runner_ [[gnu::tls_model("initial-exec")]];

  const Launch* launch_ = nullptr;
  BlockContext block_{};
  dim3 prepared_for_{0, 0, 0};  // the block shape that threads_ has the indices of
  std::vector<Thread> threads_;
  unsigned warp_count_ = 0, live_ = 0;
  Warp warps_[kMaxWarps];

  Order order_ = Order::ascending;
  std::uint64_t random_state_ = 1;
  unsigned available_ = 0;                     // bit r: the warp of rank r has a lane that can run
  std::uint8_t rank_of_[kMaxWarps] = {};       // by warp
  std::uint8_t warp_of_rank_[kMaxWarps] = {};  // its inverse

  unsigned arrived_ = 0;  // at the barrier
  int predicate_sum_ = 0, predicate_result_ = 0;
  Site barrier_site_;

  FiberPool fibers_;
  std::size_t counted_fibers_ = 0;  // by take_stats()
  Fiber main_;
  Fiber* current_ = nullptr;
  std::exception_ptr error_;
  SharedMemory shared_;
  AsyncCopies copies_;
  Stats stats_;
};

// What a thread goes through at every switch, in the header to be inlined.

inline void BlockRunner::switch_to(Fiber& fiber) {
  Fiber& left = *std::exchange(current_, &fiber);
  if (fiber.thread != nullptr) current_thread = &fiber.thread->context;
  ++stats_.switches;
  switch_fiber(left, fiber);
}

inline Thread& BlockRunner::take_next() {
  const auto rank = static_cast<unsigned>(std::countr_zero(available_));
  const unsigned warp_number = warp_of_rank_[rank];
  unsigned& ready = warps_[warp_number].ready;
  unsigned lane;
  if (order_ == Order::ascending)
    lane = static_cast<unsigned>(std::countr_zero(ready));
  else if (order_ == Order::descending)
    lane = 31u - static_cast<unsigned>(std::countl_zero(ready));
  else
    lane = random_lane(ready);
  ready &= ~(1u << lane);
  if (ready == 0) available_ &= ~(1u << rank);
  return threads_[warp_number * kWarpSize + lane];
}

inline void BlockRunner::run_next() {
  if (available_ == 0) {
    if (live_ > 0) fail_in_deadlock();
    return switch_to(main_);
  }
  Thread& next = take_next();
  if (next.fiber == nullptr) {
    next.fiber = fibers_.take();
    next.fiber->thread = &next;
  }
  if (next.fiber != current_) switch_to(*next.fiber);
}

inline void BlockRunner::park(const char* waits_for, Site at) {
  Thread& thread = *current_->thread;
  thread.waits_for = waits_for;
  thread.site = at;
  run_next();
}

void name_threads_in_sanitizer_reports();
/// "softmax.cu:57".
std::string to_string(Site at);
/// The kernel's name, "softmax_registers_kernel", or its launcher's where that is not to be had.
std::string kernel_name(const Grid& grid);

}  // namespace weft::executor
