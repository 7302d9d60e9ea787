#include "src/executor/worker_pool.h"

namespace weft::executor {
namespace {

// A training step is a handful of launches close together: a helper that looks out for the next one
// for some microseconds before it sleeps saves most of the wake-ups (5 to 50 us each).
constexpr int kSpins = 2000;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

bool WorkerPool::run(unsigned helpers, void (*work)(void*), void* argument) {
  const std::unique_lock<std::mutex> use(in_use_, std::try_to_lock);
  if (!use.owns_lock()) return false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    while (threads_.size() < helpers) threads_.emplace_back([this] { help(); });
    work_ = work;
    argument_ = argument;
    seats_ = helpers;
    posts_.fetch_add(1, std::memory_order_release);
    if (asleep_ > 0) work_posted_.notify_all();
  }
  work(argument);
  std::unique_lock<std::mutex> lock(mutex_);
  seats_ = 0;  // too late to join
  lock.unlock();
  for (int i = 0; i < kSpins && busy_.load(std::memory_order_relaxed) > 0; ++i) pause();
  lock.lock();
  helper_done_.wait(lock, [&] { return busy_.load(std::memory_order_relaxed) == 0; });
  return true;
}

void WorkerPool::help() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (std::uint64_t seen = 0; wait_for_work(lock, seen);) {
    seen = posts_.load(std::memory_order_relaxed);
    if (seats_ == 0) continue;
    --seats_;
    busy_.fetch_add(1, std::memory_order_relaxed);
    lock.unlock();
    work_(argument_);
    lock.lock();
    if (busy_.fetch_sub(1, std::memory_order_release) == 1) helper_done_.notify_one();
  }
}

bool WorkerPool::wait_for_work(std::unique_lock<std::mutex>& lock, std::uint64_t seen) {
  lock.unlock();
  for (int i = 0; i < kSpins && posts_.load(std::memory_order_acquire) == seen; ++i) pause();
  lock.lock();
  ++asleep_;
  work_posted_.wait(lock, [&] { return quit_ || posts_.load(std::memory_order_relaxed) != seen; });
  --asleep_;
  return !quit_;
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    quit_ = true;
  }
  work_posted_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

}  // namespace weft::executor
