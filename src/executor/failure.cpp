// The sentences of failures: who, where, what.

#include <utility>

#include "src/executor/block_runner.h"
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

std::string tidy_name(const std::string& function) {
  // "void weft::kernels::(anonymous)::softmax(const T*, T*) [with T = float]": up to the parameters,
  // then the last word of the qualified name. Brackets of template arguments and of <lambda> count.
  int depth = 0;
  std::size_t begin = 0, end = function.size();
  for (std::size_t i = 0; i < function.size(); ++i) {
    const char c = function[i];
    if (c == '<' || c == '{') ++depth;
    if (c == '>' || c == '}') --depth;
    if (depth > 0) continue;
    if (c == ' ' || c == ':' || c == '*' || c == '&') begin = i + 1;
    if (c == '(') {
      end = i;
      break;
    }
  }
  return function.substr(begin, end - begin);
}

std::string BlockRunner::kernel_name() const { return tidy_name(launch_->grid.launcher); }

std::string BlockRunner::place_of(const ResidentBlock& block, const Thread& thread) const {
  return kernel_name() + ": " + name_of(block) + ", " + name_of(thread);
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
  throw DeviceError(kernel_name() + ": " + report);
}

}  // namespace weft::executor
