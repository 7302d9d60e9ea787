// Warp operations. A lane brings its argument and waits; when the last lane of the mask is there, all
// results are computed at once, each into its own lane's argument.

#include <bit>
#include <cstring>

#include "src/executor/block_runner.h"

namespace weft::executor {
namespace {

constexpr std::uint64_t kUndefined = ~std::uint64_t{0};  // NaN in float and double, -1 in integers

const char* name_of(WarpOp op) {
  switch (op) {
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

}  // namespace

void BlockRunner::warp_collective(WarpArgument& argument, Site at) {
  Thread& thread = *current_->thread;
  const unsigned lane = thread.context.linear % kWarpSize,
                 warp_number = thread.context.linear / kWarpSize;
  Warp& warp = warps_[warp_number];
  ++stats_.warp_operations;
  if ((argument.mask >> lane & 1) == 0)
    fail_in_warp_operation(argument, "but is not in its own mask", at);
  if (argument.width <= 0 || argument.width > 32 || (argument.width & (argument.width - 1)) != 0)
    fail_in_warp_operation(argument, "with a width that is no power of two up to 32", at);

  unsigned k = 0;
  for (; k < warp.group_count; ++k) {
    const WarpGroup& group = warp.groups[k];
    if (group.mask == argument.mask && group.op == argument.op && group.site.line() == at.line())
      break;
    if ((group.mask >> lane & 1) != 0 &&
        (group.arrived & argument.mask) != 0)  // each waits for the other
      fail_in_warp_operation(argument, "while other lanes of its mask wait", at, &group);
  }
  if (k == warp.group_count) warp.groups[warp.group_count++] = {argument.mask, 0, argument.op, at};
  thread.argument = &argument;
  warp.groups[k].arrived |= 1u << lane;
  complete_if_all_arrived(warp_number, k);
  if ((warp.ready >> lane & 1) == 0) return park(executor::name_of(argument.op), at);
  // In ascending order the last lane to come just goes on, which saves a switch.
  if (order_ != Order::ascending) return run_next();
  warp.ready &= ~(1u << lane);
  if (warp.ready == 0) available_ &= ~(1u << rank_of_[warp_number]);
}

// Apart, so that its strings take no room on the stacks of threads that wait.
void BlockRunner::fail_in_warp_operation(const WarpArgument& argument, const char* why, Site at,
                                         const WarpGroup* others) const {
  std::string what = std::string("calls ") + executor::name_of(argument.op) + " " + why;
  if (others != nullptr)
    what += std::string(" in ") + executor::name_of(others->op) + " " + to_string(others->site);
  fail(what, at);
}

void BlockRunner::complete_if_all_arrived(unsigned warp_number, unsigned group_number) {
  Warp& warp = warps_[warp_number];
  const WarpGroup group = warp.groups[group_number];
  if (group.arrived != (group.mask & warp.alive)) return;
  warp.groups[group_number] = warp.groups[--warp.group_count];
  complete(&threads_[warp_number * kWarpSize], group);
  warp.ready |= group.arrived;
  available_ |= 1u << rank_of_[warp_number];
}

void warp_collective(WarpArgument& argument, Site at) {
  BlockRunner::current().warp_collective(argument, at);
}

}  // namespace weft::executor
