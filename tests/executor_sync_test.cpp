#include <gtest/gtest.h>

#include <vector>

#include "kernels/primitives/grid_barrier.cuh"
#include "kernels/primitives/sync.cuh"
#include "tests/support/device_error.h"
#include "tests/support/schedules.h"
#include "weft/simt.h"

namespace weft {
namespace {

using test::expect_device_error;

constexpr StreamView kStream;
constexpr unsigned kBlocks = 20;  // more than there can be OS threads

__global__ void barrier_kernel(unsigned* counter, unsigned leaves) {
  if (blockIdx.x == leaves) return;
  kernels::GridBarrier barrier(counter);
  barrier.arrive_and_wait();
  barrier.arrive_and_wait();
}

constexpr unsigned kNobody = kBlocks;
void meet(bool cooperative, unsigned leaves) {
  unsigned counter = 0;
  launch(barrier_kernel, {.grid = kBlocks, .block = 64, .cooperative = cooperative}, kStream,
         &counter, leaves);
}

TEST(ExecutorSync, AGridBarrierInAnOrdinaryLaunchIsADeadlock) {
  test::for_each_schedule(20, [](const std::string&) {
    expect_device_error(
        [] { meet(false, kNobody); },
        {"barrier_kernel: block (", "deadlock, nothing can run:",
         "1 from thread (0, 0, 0) wait in wait_at_least grid_barrier.cuh:", "awaited is 20)",
         "63 from thread (1, 0, 0) wait in __syncthreads", "is the launch cooperative?"});
    EXPECT_NO_THROW(meet(true, kNobody));
  });
}

TEST(ExecutorSync, ABlockThatReturnsEarlyIsADeadlock) {
  test::for_each_schedule(20, [](const std::string& name) {
    for (unsigned block : {0u, 7u, kBlocks - 1}) {
      const std::string first = block == 0 ? "block (1, 0, 0)" : "block (0, 0, 0)";
      const std::string message = test::error_of<DeviceError>([block] { meet(true, block); });
      EXPECT_EQ(message.find("barrier_kernel: deadlock, nothing can run: 19 from " + first +
                             ", thread (0, 0, 0) wait in wait_at_least grid_barrier.cuh:"),
                0u)
          << message << ", " << name;
      EXPECT_NE(message.find("(the counter is 19, awaited is 20), 1197 from " + first +
                             ", thread (1, 0, 0) wait in __syncthreads"),
                std::string::npos)
          << message;
      EXPECT_NE(message.find("64 have left the kernel"), std::string::npos) << message;
      EXPECT_EQ(message.find("is the launch cooperative?"), std::string::npos) << message;
    }
    EXPECT_NO_THROW(meet(true, kNobody)) << name;
  });
}

// The other thread does not use an operation of sync.cuh, so nothing wakes the one that waits.
__global__ void plain_atomic_kernel(unsigned* counter, unsigned* seen) {
  if (threadIdx.x % 32 == 0 && (threadIdx.x == 0) == (blockIdx.x == 0)) {
    kernels::wait_at_least(counter, 4);
    seen[blockIdx.x] = *counter;
  } else {
    atomicAdd(counter, 1u);
  }
}

TEST(ExecutorSync, AWaitSeesACounterThatOtherAtomicsChange) {
  test::for_each_schedule(20, [](const std::string& name) {
    unsigned counter = 0;
    std::vector<unsigned> seen(2, 0);
    launch(plain_atomic_kernel, {.grid = 2, .block = 33, .cooperative = true}, kStream, &counter,
           seen.data());
    EXPECT_EQ(counter, 64u) << name;
    for (unsigned value : seen) EXPECT_GE(value, 4u) << name;
  });
}

__global__ void anywhere_kernel(unsigned* counter) {
  WEFT_SHARED(unsigned, shared, [4]);
  kernels::add_release(counter == nullptr ? &shared[0] : counter, 1);
}

TEST(ExecutorSync, CountersAreAlignedAndInGlobalMemory) {
  alignas(4) unsigned char bytes[8] = {};
  expect_device_error([] { launch(anywhere_kernel, {}, kStream, nullptr); },
                      {"executor_sync_test.cpp:", "add_release on shared memory"});
  expect_device_error(
      [&] { launch(anywhere_kernel, {}, kStream, reinterpret_cast<unsigned*>(bytes + 2)); },
      {"add_release on a misaligned counter"});
}

#if defined(__SANITIZE_ADDRESS__)
TEST(ExecutorSync, CountersAreInsideAnAllocation) {
  std::vector<unsigned> counter(1);
  expect_device_error([&] { launch(anywhere_kernel, {}, kStream, counter.data() + 1); },
                      {"add_release outside an allocation"});
}
#endif

// A flag that is set before the data: some order has to show it.
template <bool kFlagFirst>
__global__ void flag_kernel(unsigned* data, unsigned* flag, unsigned* result) {
  if (blockIdx.x == 0) {
    if (kFlagFirst) kernels::store_release(flag, 1);
    *data = 5;
    if (!kFlagFirst) kernels::store_release(flag, 1);
  } else {
    kernels::wait_at_least(flag, 1);
    *result = *data;
  }
}

template <bool kFlagFirst>
int wrong_orders() {
  int wrong = 0;
  test::for_each_schedule(20, [&](const std::string&) {
    unsigned data = 0, flag = 0, result = 0;
    launch(flag_kernel<kFlagFirst>, {.grid = 2, .cooperative = true}, kStream, &data, &flag,
           &result);
    wrong += result != 5 ? 1 : 0;
  });
  return wrong;
}

TEST(ExecutorSync, RandomOrdersShowAFlagThatIsSetBeforeItsData) {
  EXPECT_EQ(wrong_orders<false>(), 0);
  EXPECT_GT(wrong_orders<true>(), 0);
}

}  // namespace
}  // namespace weft
