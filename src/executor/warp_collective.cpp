// Warp operations. A lane brings its argument and waits; when the last lane of the mask is there, all
// results are computed at once, each into its own lane's argument.

#include <bit>
#include <cstring>

#include "src/executor/block_runner.h"
#include "src/executor/race.h"

namespace weft::executor {
namespace {

constexpr std::uint64_t kUndefined = ~std::uint64_t{0};  // NaN in float and double, -1 in integers

WholeWarp* whole_warp(const WarpArgument& argument) {
  WholeWarp* lane;
  std::memcpy(&lane, &argument.value, sizeof lane);
  return lane;
}

const char* name_of(const WarpArgument& argument) {
  switch (argument.op) {
    case WarpOp::sync:
      return "__syncwarp";
    case WarpOp::shfl:
      return "__shfl_sync";
    case WarpOp::shfl_up:
      return "__shfl_up_sync";
    case WarpOp::shfl_down:
      return "__shfl_down_sync";
    case WarpOp::shfl_xor:
      return "__shfl_xor_sync";
    case WarpOp::ballot:
      return "a vote";
    case WarpOp::whole_warp:
      return whole_warp(argument)->name;
  }
  return "";
}

// The lane that `lane` reads, by the definition of shfl.sync in PTX.
int source_lane(int lane, const WarpArgument& argument) {
  const int selector = argument.selector & 31;
  const int first = lane & ~(argument.width - 1), last = first + argument.width - 1;
  int source = lane;
  switch (argument.op) {
    case WarpOp::shfl:
      source = first | (selector & (argument.width - 1));
      break;
    case WarpOp::shfl_up:
      source = lane - selector;
      break;
    case WarpOp::shfl_down:
      source = lane + selector;
      break;
    default:
      source = lane ^ selector;
      break;
  }
  const bool inside = argument.op == WarpOp::shfl_up ? source >= first : source <= last;
  return inside ? source : lane;
}

void complete(Thread* lanes, const WarpGroup& group) {
  if (group.op == WarpOp::sync) return;
  if (group.op == WarpOp::whole_warp) {
    WholeWarp* all[kWarpSize];
    for (unsigned lane = 0; lane < kWarpSize; ++lane) all[lane] = whole_warp(*lanes[lane].argument);
    return all[0]->complete(all);
  }
  std::uint64_t results[kWarpSize], ballot = 0;
  for (unsigned left = group.arrived; left != 0; left &= left - 1) {
    const int lane = std::countr_zero(left);
    const WarpArgument& argument = *lanes[lane].argument;
    if (group.op == WarpOp::ballot) {
      ballot |= (argument.value & 1) << lane;
    } else {
      const int source = source_lane(lane, argument);
      // What a lane outside the operation would give is undefined on the device.
      results[lane] = group.arrived >> source & 1 ? lanes[source].argument->value : kUndefined;
    }
  }
  for (unsigned left = group.arrived; left != 0; left &= left - 1) {
    const int lane = std::countr_zero(left);
    lanes[lane].argument->value = group.op == WarpOp::ballot ? ballot : results[lane];
  }
}

// Whether a lane that waits does what `argument` asks for, where the operation alone does not say it.
bool same_work(const WarpArgument& argument, const Thread& waiting) {
  return argument.op != WarpOp::whole_warp ||
         whole_warp(argument)->complete == whole_warp(*waiting.argument)->complete;
}

}  // namespace

void BlockRunner::warp_collective(WarpArgument& argument, Site at) {
  Thread& thread = *current_->thread;
  const unsigned lane = thread.context.linear % kWarpSize,
                 warp_number = thread.context.linear / kWarpSize;
  ResidentBlock& block = *block_;
  Warp& warp = block.warps[warp_number];
  ++stats_.warp_operations;
  if ((argument.mask >> lane & 1) == 0)
    fail_in_warp_operation(argument, "but is not in its own mask", at);
  if (argument.width <= 0 || argument.width > 32 || (argument.width & (argument.width - 1)) != 0)
    fail_in_warp_operation(argument, "with a width that is no power of two up to 32", at);

  unsigned k = 0;
  for (; k < warp.group_count; ++k) {
    const WarpGroup& group = warp.groups[k];
    if (group.mask == argument.mask && group.op == argument.op && group.site.line() == at.line() &&
        same_work(argument, block.threads[warp_number * kWarpSize +
                                          static_cast<unsigned>(std::countr_zero(group.arrived))]))
      break;
    if ((group.mask >> lane & 1) != 0 &&
        (group.arrived & argument.mask) != 0)  // each waits for the other
      fail_in_warp_operation(argument, "while other lanes of its mask wait", at, &group);
  }
  if (k == warp.group_count) warp.groups[warp.group_count++] = {argument.mask, 0, argument.op, at};
  thread.argument = &argument;
  warp.groups[k].arrived |= 1u << lane;
  complete_if_all_arrived(warp_number, k);
  if ((warp.ready >> lane & 1) == 0) return park(block, executor::name_of(argument), at);
  // In ascending order the last lane to come just goes on, which saves a switch.
  if (order_ != Order::ascending) return run_next(block);
  warp.ready &= ~(1u << lane);
  if (warp.ready == 0) block.available &= ~(1u << block.rank_of[warp_number]);
}

// Apart, so that its strings take no room on the stacks of threads that wait.
void BlockRunner::fail_in_warp_operation(const WarpArgument& argument, const char* why, Site at,
                                         const WarpGroup* others) const {
  std::string what = std::string("calls ") + executor::name_of(argument) + " " + why;
  if (others != nullptr) {
    const unsigned warp_number = running() / kWarpSize,
                   lane = static_cast<unsigned>(std::countr_zero(others->arrived));
    what += std::string(" in ") +
            executor::name_of(*block_->threads[warp_number * kWarpSize + lane].argument) + " " +
            to_string(others->site);
  }
  fail(what, at);
}

void BlockRunner::fail_without_lane(unsigned warp_number, const WarpGroup& group) const {
  const unsigned lane = static_cast<unsigned>(std::countr_zero(group.arrived));
  fail(std::string(executor::name_of(*block_->threads[warp_number * kWarpSize + lane].argument)) +
           " needs all 32 lanes of the warp, lane " +
           std::to_string(std::countr_one(group.arrived)) + " is not there or has left the kernel",
       group.site);
}

void BlockRunner::complete_if_all_arrived(unsigned warp_number, unsigned group_number) {
  ResidentBlock& block = *block_;
  Warp& warp = block.warps[warp_number];
  const WarpGroup group = warp.groups[group_number];
  if (group.arrived != (group.mask & warp.alive)) return;
  if (group.op == WarpOp::whole_warp && group.arrived != ~0u) fail_without_lane(warp_number, group);
  warp.groups[group_number] = warp.groups[--warp.group_count];
  if constexpr (race::kEnabled)
    if (group.op == WarpOp::sync) race::lanes_met(warp_number, group.arrived);
  complete(&block.threads[warp_number * kWarpSize], group);
  warp.ready |= group.arrived;
  block.available |= 1u << block.rank_of[warp_number];
}

void warp_collective(WarpArgument& argument, Site at) {
  BlockRunner::current().warp_collective(argument, at);
}

}  // namespace weft::executor
