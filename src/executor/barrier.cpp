// __syncthreads. Stricter than the hardware: all threads that the block began with must meet at one
// and the same barrier of the source.

#include <cstring>

#include "src/executor/block_runner.h"
#include "src/executor/race.h"

namespace weft::executor {
namespace {

// By line and column: two barriers on one line are two, and one barrier stays one where the compiler
// has copied the call into both arms of a branch (it does, so return addresses would not do).
bool same_place(Site a, Site b) {
  return a.line() == b.line() && a.column() == b.column() &&
         (a.file_name() == b.file_name() || std::strcmp(a.file_name(), b.file_name()) == 0);
}

}  // namespace

int BlockRunner::barrier(int predicate, const char* name, Site at) {
  if (arrived_ == 0) barrier_site_ = at;
  if (live_ != launch_->block_threads || !same_place(at, barrier_site_)) fail_at_barrier(name, at);
  predicate_sum_ += predicate;
  if (++arrived_ < live_) {
    park(name, at);
  } else {
    arrived_ = 0;
    predicate_result_ = predicate_sum_;
    predicate_sum_ = 0;
    ++stats_.barriers;
    if constexpr (race::kEnabled) race::block_met();
    for (unsigned w = 0; w < warp_count_; ++w) warps_[w].ready = warps_[w].alive;
    draw_priorities();
    run_next();
  }
  return predicate_result_;
}

// Apart, so that its strings take no room on the stacks of threads that wait.
void BlockRunner::fail_at_barrier(const char* name, Site at) const {
  std::string what = std::string("reaches ") + name;
  if (live_ != launch_->block_threads)
    fail(what + " after " + std::to_string(launch_->block_threads - live_) +
             " threads of the block have left the kernel",
         at);
  const bool one_line = to_string(at) == to_string(barrier_site_);
  const auto column = [&](Site site) {
    return one_line ? " (column " + std::to_string(site.column()) + ")" : std::string();
  };
  fail(what + column(at) + " while " + std::to_string(arrived_) +
           " threads wait at the barrier in " + to_string(barrier_site_) + column(barrier_site_),
       at);
}

void block_barrier(Site at) { BlockRunner::current().barrier(0, "__syncthreads", at); }
int block_barrier_count(bool predicate, Site at) {
  return BlockRunner::current().barrier(predicate ? 1 : 0, "__syncthreads_count", at);
}

}  // namespace weft::executor
