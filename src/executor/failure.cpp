// The sentences of failures: who, where, what.

#include <utility>

#include "src/executor/block_runner.h"
#include "src/executor/source_place.h"
#include "weft/error.h"

namespace weft::executor {
namespace {

std::string triple(unsigned x, unsigned y, unsigned z) {
  return "(" + std::to_string(x) + ", " + std::to_string(y) + ", " + std::to_string(z) + ")";
}

}  // namespace

std::string to_string(Site at) {
  const std::string path = at.file_name();
  return path.substr(path.rfind('/') + 1) + ":" + std::to_string(at.line());
}

std::string kernel_name(const Grid& grid) {
  const std::string name = kernel_name(grid.kernel);
  return name.empty() ? tidy_name(grid.launcher) : name;
}

std::string BlockRunner::name_of(const Thread& thread) {
  const uint3& index = thread.context.index;
  return "thread " + triple(index.x, index.y, index.z);
}

std::string BlockRunner::name_of(std::uint64_t block_number, unsigned thread) const {
  std::string name = name_of(threads_[thread]);
  const uint3 block = index_of(block_number);
  if (block.x != block_.index.x || block.y != block_.index.y || block.z != block_.index.z)
    name += " of block " + triple(block.x, block.y, block.z);
  return name;
}

std::string BlockRunner::place() const {
  const uint3& block = block_.index;
  return kernel_name(launch_->grid) + ": block " + triple(block.x, block.y, block.z);
}

std::string BlockRunner::running_place() const {
  return place() + ", " + name_of(*current_->thread);
}

void BlockRunner::fail(const std::string& what, Site at) const {
  std::string message = running_place();
  if (at.line() != 0) message += ", " + to_string(at);
  throw DeviceError(message + ": " + what);
}

void BlockRunner::require_capability(int compute_capability, const char* instruction,
                                     Site at) const {
  if (launch_->model.compute_capability < compute_capability)
    fail(std::string(instruction) + " needs sm_" + std::to_string(compute_capability) +
             ", the device model is " + launch_->model.name,
         at);
}

void BlockRunner::fail_at_exit() const {
  fail("leaves the kernel while " + std::to_string(arrived_) + " threads wait at the barrier in " +
       to_string(barrier_site_));
}

void BlockRunner::fail_in_deadlock() const {
  struct Wait {
    std::string reason;
    const Thread* first;
    unsigned count;
  };
  std::vector<Wait> waits;  // one per distinct reason and place
  for (const Thread& thread : threads_) {
    if ((warps_[thread.context.linear / kWarpSize].alive >> thread.context.linear % kWarpSize &
         1) == 0)
      continue;
    const std::string reason = std::string(thread.waits_for) + " " + to_string(thread.site);
    std::size_t k = 0;
    while (k < waits.size() && waits[k].reason != reason) ++k;
    if (k == waits.size()) waits.push_back({reason, &thread, 0});
    ++waits[k].count;
  }
  std::string report = "deadlock, nothing can run:";
  for (const Wait& wait : waits)
    report += " " + std::to_string(wait.count) + " from " + name_of(*wait.first) + " wait in " +
              wait.reason + ",";
  throw DeviceError(place() + ": " + report + " " + std::to_string(launch_->block_threads - live_) +
                    " have left the kernel");
}

}  // namespace weft::executor
