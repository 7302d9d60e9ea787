#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <vector>

#include "src/executor/block_runner.h"
#include "src/executor/executor.h"
#include "src/executor/race.h"
#include "tests/support/device_error.h"
#include "tests/support/executor_config.h"
#include "tests/support/schedules.h"
#include "weft/simt.h"

namespace weft {
namespace {

using executor::Order;

constexpr StreamView kStream;

// Notes who comes, before and after a barrier and a shuffle.
__global__ void trace_kernel(std::vector<unsigned>* trace) {
  const unsigned me = blockIdx.x * blockDim.x + threadIdx.x;
  trace->push_back(me);
  __syncthreads();
  trace->push_back(me);
  trace->push_back(__shfl_xor_sync(~0u, me, 1));
}

std::vector<unsigned> trace(Order order, std::uint64_t seed, int launches = 1) {
  const test::ExecutorConfig scope([=](executor::Config& config) {
    config.order = order;
    config.seed = seed;
    config.os_threads = 1;
  });
  std::vector<unsigned> all;
  for (int i = 0; i < launches; ++i) launch(trace_kernel, {.grid = 3, .block = 96}, kStream, &all);
  return all;
}

TEST(ExecutorSchedules, AscendAndDescend) {
  const std::vector<unsigned> up = trace(Order::ascending, 1), down = trace(Order::descending, 1);
  for (unsigned i = 0; i < 96; ++i) {
    EXPECT_EQ(up[i], i);
    EXPECT_EQ(down[i], 3 * 96 - 1 - i);
  }
}

TEST(ExecutorSchedules, RepeatThemselvesForASeed) {
  std::set<std::vector<unsigned>> different;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const std::vector<unsigned> once = trace(Order::random, seed, 3);
    EXPECT_EQ(trace(Order::random, seed, 3), once) << "seed " << seed;
    different.insert(once);
  }
  EXPECT_EQ(different.size(), 10u);
}

TEST(ExecutorSchedules, DifferFromLaunchToLaunch) {
  const std::vector<unsigned> all = trace(Order::random, 1, 2);
  const auto half = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  EXPECT_NE(std::vector<unsigned>(all.begin(), half), std::vector<unsigned>(half, all.end()));
}

TEST(ExecutorSchedules, DrawWarpPrioritiesAnewAtEachBarrier) {
  std::set<unsigned> first_warps, first_warps_after_the_barrier;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const std::vector<unsigned> all = trace(Order::random, seed);
    first_warps.insert(all[0] % 96 / 32);
    first_warps_after_the_barrier.insert(all[0] % 96 / 32 * 3 + all[96] % 96 / 32);
  }
  EXPECT_EQ(first_warps.size(), 3u);
  EXPECT_EQ(first_warps_after_the_barrier.size(), 9u);
}

// A sum that is written without a barrier: which threads have come by then depends on the order.
__global__ void missing_barrier_kernel(int* out) {
  WEFT_SHARED(int, values, [64]);
  values[threadIdx.x] = 1;
  if (threadIdx.x == 32) {
    int sum = 0;
    for (int value : values) sum += value == 1 ? 1 : 0;
    *out = sum;
  }
}

TEST(ExecutorSchedules, ShowAMissingBarrier) {
  std::set<int> sums;
  test::for_each_schedule(20, [&](const std::string&) {
    int sum = 0;
    const auto run = [&] { launch(missing_barrier_kernel, {.block = 64}, kStream, &sum); };
    if constexpr (executor::race::kEnabled)
      EXPECT_THROW(run(), DeviceError);
    else
      run();
    sums.insert(sum);
  });
  if constexpr (executor::race::kEnabled) return;
  EXPECT_GT(sums.size(), 3u);
  EXPECT_EQ(sums.count(64), 0u);
}

TEST(ExecutorSchedules, AreRestoredAfterwards) {
  const executor::Config before = executor::config();
  EXPECT_THROW(test::for_each_schedule(2, [](const std::string&) { throw Error("stop"); }), Error);
  std::vector<std::string> names;
  test::for_each_schedule(2, [&](const std::string& name) { names.push_back(name); });
  EXPECT_EQ(names, (std::vector<std::string>{"ascending order", "descending order",
                                             "random order, seed 1", "random order, seed 2"}));
  EXPECT_EQ(executor::config().order, before.order);
  EXPECT_EQ(executor::config().seed, before.seed);
}

TEST(ExecutorSettings, RefuseWhatIsNotThere) {
  const auto with = [](auto change) {
    return [=] {
      executor::Config config = executor::config();
      change(config);
      executor::configure(config);
    };
  };
  test::expect_device_error(with([](executor::Config& config) { config.compute_capability = 70; }),
                            {"expected a device model of sm_75, 80, 86, 89 or 90, got 70"});
  test::expect_device_error(with([](executor::Config& config) { config.os_threads = 0; }),
                            {"expected 1 to 16 OS threads, got 0"});
}

TEST(ExecutorSettings, TakeTheNumberOfOsThreadsFromTheEnvironment) {
  const char* const before = std::getenv("WEFT_EXECUTOR_THREADS");
  const std::string saved = before == nullptr ? "" : before;
  setenv("WEFT_EXECUTOR_THREADS", "7", 1);
  EXPECT_EQ(executor::default_os_threads(), 7u);
  setenv("WEFT_EXECUTOR_THREADS", "1000", 1);
  EXPECT_EQ(executor::default_os_threads(), 16u);
  setenv("WEFT_EXECUTOR_THREADS", "many", 1);
  EXPECT_GE(executor::default_os_threads(), 1u);
  if (before == nullptr)
    unsetenv("WEFT_EXECUTOR_THREADS");
  else
    setenv("WEFT_EXECUTOR_THREADS", saved.c_str(), 1);
}

TEST(ExecutorSettings, CountWhatHasRun) {
  const executor::Stats before = executor::stats();
  std::vector<unsigned> all = trace(Order::ascending, 1);
  const executor::Stats after = executor::stats();
  EXPECT_EQ(after.launches - before.launches, 1u);
  EXPECT_EQ(after.blocks - before.blocks, 3u);
  EXPECT_EQ(after.threads - before.threads, 3u * 96);
  EXPECT_EQ(after.barriers - before.barriers, 3u);
  EXPECT_EQ(after.warp_operations - before.warp_operations, 3u * 96);
}

}  // namespace
}  // namespace weft
