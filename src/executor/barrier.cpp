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
  ResidentBlock& block = *block_;
  if (block.arrived == 0) block.barrier_site = at;
  if (block.live != launch_->block_threads || !same_place(at, block.barrier_site))
    fail_at_barrier(name, at);
  block.predicate_sum += predicate;
  if (++block.arrived < block.live) {
    park(block, name, at);
  } else {
    open_barrier(block);
    run_next(block);
  }
  return block.predicate_result;
}

// All threads of the block have met.
void BlockRunner::open_barrier(ResidentBlock& block) {
  block.arrived = 0;
  block.predicate_result = std::exchange(block.predicate_sum, 0);
  ++stats_.barriers;
  if constexpr (race::kEnabled) race::block_met();
  for (unsigned w = 0; w < block.warp_count; ++w) block.warps[w].ready = block.warps[w].alive;
  draw_priorities(block);
}

// Apart, so that its strings take no room on the stacks of threads that wait.
void BlockRunner::fail_at_barrier(const char* name, Site at) const {
  const ResidentBlock& block = *block_;
  std::string what = std::string("reaches ") + name;
  if (block.live != launch_->block_threads)
    fail(what + " after " + std::to_string(launch_->block_threads - block.live) +
             " threads of the block have left the kernel",
         at);
  const bool one_line = to_string(at) == to_string(block.barrier_site);
  const auto column = [&](Site site) {
    return one_line ? " (column " + std::to_string(site.column()) + ")" : std::string();
  };
  fail(what + column(at) + " while " + std::to_string(block.arrived) +
           " threads wait at the barrier in " + to_string(block.barrier_site) +
           column(block.barrier_site),
       at);
}

void block_barrier(Site at) { BlockRunner::current().barrier(0, "__syncthreads", at); }
int block_barrier_count(bool predicate, Site at) {
  return BlockRunner::current().barrier(predicate ? 1 : 0, "__syncthreads_count", at);
}

}  // namespace weft::executor
