// Where a sanitizer stops the program inside a kernel, a line of its own says which thread of which
// block was running.

#include "src/executor/block_runner.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

#include <cstdio>

namespace weft::executor {
namespace {

[[maybe_unused]] void print_running_thread() {
  if (current_thread != nullptr)
    std::fprintf(stderr, "in %s\n", BlockRunner::current().running_place().c_str());
}

}  // namespace

void name_threads_in_sanitizer_reports() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_set_death_callback(print_running_thread);
#endif
}

}  // namespace weft::executor

#if defined(__SANITIZE_ADDRESS__)
// Called by UndefinedBehaviorSanitizer's run-time before it prints.
extern "C" void __ubsan_on_report();
extern "C" void __ubsan_on_report() { weft::executor::print_running_thread(); }
#endif
