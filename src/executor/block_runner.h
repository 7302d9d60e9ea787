#pragma once

// Runs blocks of a grid on one OS thread: those of an ordinary launch one after another, those of a
// cooperative launch together. The threads of a block take turns: one runs until it ends or parks, then
// the next that can run goes on; where none of the block can, another block goes on. Barriers, warp
// operations and whatever else a thread may wait for are written with park() and ResidentBlock::wake().

#include <bit>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/executor/executor.h"
#include "src/executor/fiber.h"
#include "src/executor/resident_block.h"
#include "weft/simt.h"

namespace weft::executor {

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

/// A thread that wait_at_least has parked.
struct CounterWait {
  const unsigned* counter;
  unsigned target;
  ResidentBlock* block;
  unsigned thread;
};

class BlockRunner {
 public:
  BlockRunner() : main_(os_thread_fiber()) {}

  /// The one of this OS thread.
  static BlockRunner& current() { return *current_runner_; }
  static BlockRunner& of_this_os_thread();

  void begin_launch(const Launch& launch);
  /// Runs one block to its end. Throws what the kernel threw, or DeviceError where a check failed.
  void run(std::uint64_t block_number) { run(block_number, 1); }
  /// Runs all blocks of the launch, which live together.
  void run_together() { run(0, static_cast<unsigned>(launch_->blocks)); }
  /// What has run here since the last call.
  Stats take_stats();

  // For the models of instructions: about the CUDA thread that is running.
  unsigned running() const { return current_->thread->context.linear; }
  const DeviceModel& model() const { return launch_->model; }
  ResidentBlock& block() { return *block_; }

  int barrier(int predicate, const char* name, Site at);
  void warp_collective(WarpArgument& argument, Site at);

  /// The running thread, of block `block`, stops until block.wake() names it. `waits_for` is for the
  /// deadlock report.
  void park(ResidentBlock& block, const char* waits_for, Site at);

  /// The running thread stops until the counter has reached the target.
  void wait_at_least(const unsigned* counter, unsigned target, Site at);
  /// Whether a thread that waited at the counter, or at any where it is null, can go on.
  bool wake_waiting(const unsigned* counter);
  /// In random order, another thread may go on before the running one does.
  void pass_by_chance();

  /// In random order, a bulk copy of the present block may land.
  void land_by_chance();

  void require_capability(int compute_capability, const char* instruction, Site at) const;
  /// "softmax_registers_kernel: block (3, 0, 0), thread (5, 0, 0)".
  std::string running_place() const;
  /// Ends the launch with a DeviceError that names kernel, block and the running thread.
  [[noreturn]] void fail(const std::string& what, Site at = {}) const;
  /// The same for what another thread than the running one has done.
  [[noreturn]] void fail_as(const ResidentBlock& block, const Thread& thread,
                            const std::string& what, Site at) const;
  /// The same for callers that must not throw: the thread is left where it stands.
  [[noreturn]] void stop(const std::string& what, const std::string& place);
  /// "thread (5, 0, 0)", with its block where that is not the running one.
  std::string name_of_thread(std::uint64_t block_number, unsigned thread) const;

 private:
  friend void fiber_body();

  void run(std::uint64_t first_block, unsigned count);
  void run_threads();                     // on a fiber
  void run_next(ResidentBlock& present);  // leaves the running thread, which is of block `present`
  void switch_to(Fiber& fiber);
  void finish(ResidentBlock& block, Thread& thread);  // the running thread has come to its end
  void open_barrier(ResidentBlock& block);
  void draw_priorities(ResidentBlock& block);
  // The block that goes on, now block_: `block`, which is the present one, if it can. Null: all have ended.
  ResidentBlock* find_work(ResidentBlock& block);
  [[gnu::noinline]] ResidentBlock* find_work_elsewhere();
  template <class Predicate>
  ResidentBlock* first_block(Predicate holds);
  ResidentBlock* choose_block();
  bool land_any_copy();
  bool land_copy(ResidentBlock& block);  // false: none is under way
  void enter(ResidentBlock& block);
  Thread& take_next(ResidentBlock& block);  // requires that one can run
  void complete_if_all_arrived(unsigned warp_number, unsigned group_number);
  [[noreturn, gnu::noinline]] void fail_at_barrier(const char* name, Site at) const;
  [[noreturn, gnu::noinline]] void fail_in_warp_operation(const WarpArgument& argument,
                                                          const char* why, Site at,
                                                          const WarpGroup* others = nullptr) const;
  [[noreturn, gnu::noinline]] void fail_without_lane(unsigned warp_number,
                                                     const WarpGroup& group) const;
  std::string counter_wait_of(const ResidentBlock& block, unsigned thread) const;  // for the report
  std::string place_of(const ResidentBlock& block, const Thread& thread) const;
  [[noreturn, gnu::noinline]] void fail_at_exit() const;
  [[noreturn, gnu::noinline]] void fail_in_deadlock() const;
  std::uint64_t random();
  unsigned random_lane(unsigned ready);

  static constinit thread_local BlockRunner* current_runner_ [[gnu::tls_model("initial-exec")]];

  const Launch* launch_ = nullptr;
  ResidentBlock* block_ = nullptr;                        // the one that runs now
  std::vector<std::unique_ptr<ResidentBlock>> resident_;  // kept between launches
  unsigned resident_count_ = 0;                           // of those, in use
  unsigned unfinished_ = 0;                               // of those, with a thread left

  std::vector<CounterWait> counter_waits_;

  Order order_ = Order::ascending;
  std::uint64_t random_state_ = 1;
  bool leaves_by_chance_ = false;  // a block that could go on

  FiberPool fibers_;
  std::size_t counted_fibers_ = 0;  // by take_stats()
  Fiber main_;
  Fiber* current_ = nullptr;
  std::exception_ptr error_;
  Stats stats_;
};

// What a thread goes through at every switch, in the header to be inlined.

inline void BlockRunner::switch_to(Fiber& fiber) {
  Fiber& left = *std::exchange(current_, &fiber);
  if (fiber.thread != nullptr) current_thread = &fiber.thread->context;
  ++stats_.switches;
  switch_fiber(left, fiber);
}

inline Thread& BlockRunner::take_next(ResidentBlock& block) {
  const auto rank = static_cast<unsigned>(std::countr_zero(block.available));
  const unsigned warp_number = block.warp_of_rank[rank];
  unsigned& ready = block.warps[warp_number].ready;
  unsigned lane;
  if (order_ == Order::ascending)
    lane = static_cast<unsigned>(std::countr_zero(ready));
  else if (order_ == Order::descending)
    lane = 31u - static_cast<unsigned>(std::countl_zero(ready));
  else
    lane = random_lane(ready);
  ready &= ~(1u << lane);
  if (ready == 0) block.available &= ~(1u << rank);
  return block.threads[warp_number * kWarpSize + lane];
}

inline ResidentBlock* BlockRunner::find_work(ResidentBlock& block) {
  if (block.available != 0 && !leaves_by_chance_) [[likely]]
    return &block;
  return find_work_elsewhere();
}

inline void BlockRunner::run_next(ResidentBlock& present) {
  ResidentBlock* block = find_work(present);
  if (block == nullptr) return switch_to(main_);
  Thread& next = take_next(*block);
  if (next.fiber == nullptr) {
    next.fiber = fibers_.take();
    next.fiber->thread = &next;
  }
  if (next.fiber != current_) switch_to(*next.fiber);
}

inline void BlockRunner::park(ResidentBlock& block, const char* waits_for, Site at) {
  Thread& thread = *current_->thread;
  thread.waits_for = waits_for;
  thread.site = at;
  run_next(block);
}

void name_threads_in_sanitizer_reports();
/// "softmax.cu:57".
std::string to_string(Site at);
/// The kernel's name, "softmax_registers_kernel", or its launcher's where that is not to be had.
std::string kernel_name(const Grid& grid);
/// Of a block by its number.
uint3 index_in(const dim3& grid, std::uint64_t number);

}  // namespace weft::executor
