#pragma once

// Fibers: stacks that one OS thread switches between in a few nanoseconds (Boost.Context).

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>
#include <memory>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace weft::executor {

struct Thread;

struct Fiber {
  boost::context::detail::fcontext_t context = nullptr;  // where it goes on; valid while it is left
  char* lowest = nullptr;                                // of its stack
  std::size_t bytes = 0;
  void* fake_stack = nullptr;  // AddressSanitizer's
  Thread* thread = nullptr;    // the CUDA thread that it runs
};

/// What every fiber runs, and never returns from.
[[noreturn]] void fiber_body();

/// The fiber that stands for this OS thread's own stack.
Fiber os_thread_fiber();

/// Leaves `from` and goes on in `to`. Returns when somebody switches back.
inline void switch_fiber(Fiber& from, Fiber& to) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&from.fake_stack, to.lowest, to.bytes);
#endif
  const auto left = boost::context::detail::jump_fcontext(to.context, &from);
  static_cast<Fiber*>(left.data)->context = left.fctx;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(from.fake_stack, nullptr, nullptr);
#endif
}

/// The fibers of one OS thread, kept between launches.
class FiberPool {
 public:
  FiberPool() = default;
  ~FiberPool();
  FiberPool(const FiberPool&) = delete;
  FiberPool& operator=(const FiberPool&) = delete;

  Fiber* take() {
    if (free_.empty()) add();
    Fiber* fiber = free_.back();
    free_.pop_back();
    return fiber;
  }
  void give_back(Fiber* fiber) {
    fiber->thread = nullptr;
    free_.push_back(fiber);
  }
  /// Forgets what is on the stacks, so that all fibers begin anew: after a block that failed.
  void restart();
  std::size_t size() const { return all_.size(); }

 private:
  void add();

  std::vector<std::unique_ptr<Fiber>> all_;
  std::vector<Fiber*> free_;
};

}  // namespace weft::executor
