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

std::string name_of(const Thread& thread) {
  const uint3& index = thread.context.index;
  return "thread " + triple(index.x, index.y, index.z);
}

std::string name_of(const ResidentBlock& block) {
  const uint3& index = block.context.index;
  return "block " + triple(index.x, index.y, index.z);
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

std::string BlockRunner::place_of(const ResidentBlock& block, const Thread& thread) const {
  return kernel_name(launch_->grid) + ": " + name_of(block) + ", " + name_of(thread);
}

std::string BlockRunner::name_of_thread(std::uint64_t block_number, unsigned thread) const {
  const std::string name = name_of(block_->threads[thread]);
  const uint3 index = index_in(launch_->grid.grid, block_number), own = block_->context.index;
  const bool is_own = index.x == own.x && index.y == own.y && index.z == own.z;
  return is_own ? name : name + " of block " + triple(index.x, index.y, index.z);
}

std::string BlockRunner::running_place() const { return place_of(*block_, *current_->thread); }

void BlockRunner::fail(const std::string& what, Site at) const {
  fail_as(*block_, *current_->thread, what, at);
}

void BlockRunner::fail_as(const ResidentBlock& block, const Thread& thread, const std::string& what,
                          Site at) const {
  std::string message = place_of(block, thread);
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
  fail("leaves the kernel while " + std::to_string(block_->arrived) +
       " threads wait at the barrier in " + to_string(block_->barrier_site));
}

void BlockRunner::fail_in_deadlock() const {
  struct Wait {
    std::string reason, first;
    unsigned count;
  };
  std::vector<Wait> waits;  // one per distinct reason and place
  unsigned left = 0;
  const bool one_block = resident_count_ == 1;
  for (unsigned k = 0; k < resident_count_; ++k)
    for (const Thread& thread : resident_[k]->threads) {
      const ResidentBlock& block = *resident_[k];
      if (!block.is_alive(thread.context.linear)) {
        ++left;
        continue;
      }
      const std::string reason = std::string(thread.waits_for) + " " + to_string(thread.site) +
                                 counter_wait_of(block, thread.context.linear) +
                                 block.mbarriers.wait_of(thread.context.linear);
      std::size_t i = 0;
      while (i < waits.size() && waits[i].reason != reason) ++i;
      if (i == waits.size())
        waits.push_back({reason, (one_block ? "" : name_of(block) + ", ") + name_of(thread), 0});
      ++waits[i].count;
    }
  std::string report = one_block ? name_of(*block_) + ": " : "";
  report += "deadlock, nothing can run:";
  for (const Wait& wait : waits)
    report +=
        " " + std::to_string(wait.count) + " from " + wait.first + " wait in " + wait.reason + ",";
  report += " " + std::to_string(left) + " have left the kernel";
  if (!counter_waits_.empty() && !launch_->grid.cooperative && launch_->blocks > 1)
    report += "; other blocks need not run at the same time: is the launch cooperative?";
  throw DeviceError(kernel_name(launch_->grid) + ": " + report);
}

}  // namespace weft::executor
