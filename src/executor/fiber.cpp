#include "src/executor/fiber.h"

#include <pthread.h>
#include <sys/mman.h>

#include <string>

#include "weft/error.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace weft::executor {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kStackBytes = 64 * 1024;
constexpr std::size_t kStagger = 16 * 1024;  // room to shift the tops of the stacks
static_assert(kStackBytes % kPage == 0 && kStagger % kPage == 0);

void enter_fiber(boost::context::detail::transfer_t from) {
  static_cast<Fiber*>(from.data)->context = from.fctx;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
  fiber_body();
}

// Stacks are whole pages apart, so without a shift their hot ends would all share a few cache sets.
void start_at_top(Fiber& fiber, std::size_t index) {
  const std::size_t shift = index * 1088 % kStagger & ~std::size_t{63};
  fiber.context = boost::context::detail::make_fcontext(fiber.lowest + fiber.bytes - shift,
                                                        fiber.bytes - shift, enter_fiber);
}

}  // namespace

Fiber os_thread_fiber() {
  Fiber fiber;
  pthread_attr_t attributes;
  void* lowest = nullptr;
  if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
    pthread_attr_getstack(&attributes, &lowest, &fiber.bytes);
    pthread_attr_destroy(&attributes);
  }
  fiber.lowest = static_cast<char*>(lowest);
  return fiber;
}

void FiberPool::add() {
  auto fiber = std::make_unique<Fiber>();
  fiber->bytes = kStackBytes + kStagger;
  void* memory = mmap(nullptr, fiber->bytes + kPage, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  // The lowest page is a guard: a kernel that overflows its stack stops there.
  if (memory == MAP_FAILED || mprotect(memory, kPage, PROT_NONE) != 0)
    throw DeviceError("executor: no memory for the stack of fiber " + std::to_string(all_.size()) +
                      " (vm.max_map_count may be too low); set WEFT_EXECUTOR_THREADS lower, or "
                      "launch fewer threads together");
  fiber->lowest = static_cast<char*>(memory) + kPage;
  start_at_top(*fiber, all_.size());
  free_.push_back(fiber.get());
  all_.push_back(std::move(fiber));
}

void FiberPool::restart() {
  free_.clear();
  for (std::size_t index = all_.size(); index-- > 0;) {
    Fiber& fiber = *all_[index];
#if defined(__SANITIZE_ADDRESS__)
    // Frames that were never left leave their redzones poisoned.
    ASAN_UNPOISON_MEMORY_REGION(fiber.lowest, fiber.bytes);
#endif
    fiber.fake_stack = nullptr;
    fiber.thread = nullptr;
    start_at_top(fiber, index);
    free_.push_back(&fiber);
  }
}

FiberPool::~FiberPool() {
  restart();
  for (const auto& fiber : all_) munmap(fiber->lowest - kPage, fiber->bytes + kPage);
}

}  // namespace weft::executor
