#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace weft::executor {

/// OS threads that help with one launch at a time and are kept between launches, with their fibers
/// and shared memory. Whoever launches works too, and never waits for a helper that came too late.
class WorkerPool {
 public:
  ~WorkerPool();

  /// Runs work(argument) here and on up to `helpers` further threads; returns when all that took part
  /// are done. False, and nothing done, while another host thread uses the pool.
  bool run(unsigned helpers, void (*work)(void*), void* argument);

 private:
  void help();
  bool wait_for_work(std::unique_lock<std::mutex>& lock, std::uint64_t seen);

  std::mutex in_use_;  // held for the whole of run()
  std::mutex mutex_;   // of all below
  std::condition_variable work_posted_, helper_done_;
  std::vector<std::thread> threads_;
  std::atomic<std::uint64_t> posts_{0};  // runs so far; written under mutex_
  std::atomic<unsigned> busy_{0};        // helpers that take part; written under mutex_
  unsigned seats_ = 0;                   // helpers that still may join
  unsigned asleep_ = 0;
  void (*work_)(void*) = nullptr;
  void* argument_ = nullptr;
  bool quit_ = false;
};

}  // namespace weft::executor
