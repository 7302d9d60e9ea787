#include <gtest/gtest.h>

#include <vector>

#include "src/executor/executor.h"
#include "tests/support/device_error.h"
#include "tests/support/schedules.h"
#include "weft/simt.h"

namespace weft {
namespace {

using test::expect_device_error;

constexpr StreamView kStream;

__global__ void reverse_kernel(const int* from, int* to) {
  WEFT_SHARED(int, tile, [256]);
  const unsigned t = threadIdx.x, base = blockIdx.x * blockDim.x;
  tile[t] = from[base + t];
  __syncthreads();  // tile is written
  to[base + t] = tile[blockDim.x - 1 - t];
}

TEST(ExecutorBarriers, OrderWritesBeforeReads) {
  for (unsigned threads : {1u, 2u, 31u, 32u, 33u, 100u, 256u}) {
    std::vector<int> from(5 * threads), expected(5 * threads);
    for (std::size_t i = 0; i < from.size(); ++i) from[i] = static_cast<int>(i);
    for (std::size_t i = 0; i < from.size(); ++i)
      expected[i] = static_cast<int>(i / threads * threads + threads - 1 - i % threads);
    test::for_each_schedule(5, [&](const std::string& name) {
      std::vector<int> to(from.size(), -1);
      launch(reverse_kernel, {.grid = 5, .block = threads}, kStream, from.data(), to.data());
      EXPECT_EQ(to, expected) << threads << " threads, " << name;
    });
  }
}

__global__ void many_barriers_kernel(int rounds, int* total) {
  WEFT_SHARED(int, counter, [2]);
  const bool leads = threadIdx.x == 0 && threadIdx.y == 0 && threadIdx.z == 0;
  if (leads) counter[0] = counter[1] = 0;
  for (int round = 0; round < rounds; ++round) {
    __syncthreads();  // the other counter is 0 again
    atomicAdd(&counter[round & 1], 1);
    __syncthreads();  // all have counted
    if (counter[round & 1] != 165) atomicAdd(total, 1000);
    __syncthreads();  // all have compared
    if (leads) counter[round & 1] = 0;
  }
  if (leads) atomicAdd(total, 1);
}

TEST(ExecutorBarriers, CanFollowEachOtherManyTimes) {
  test::for_each_schedule(5, [&](const std::string& name) {
    int total = 0;
    launch(many_barriers_kernel, {.grid = 3, .block = {11, 5, 3}}, kStream, 50, &total);
    EXPECT_EQ(total, 3) << name;
  });
}

__global__ void count_kernel(int* counts) {
  const int small = __syncthreads_count(threadIdx.x < 5);
  const int even = __syncthreads_count(threadIdx.x % 2 == 0);
  counts[2 * threadIdx.x] = small;
  counts[2 * threadIdx.x + 1] = even;
}

TEST(ExecutorBarriers, CountGivesEveryThreadTheNumberOfTruePredicates) {
  test::for_each_schedule(5, [&](const std::string& name) {
    std::vector<int> counts(2 * 70);
    launch(count_kernel, {.block = 70}, kStream, counts.data());
    for (std::size_t t = 0; t < 70; ++t) {
      EXPECT_EQ(counts[2 * t], 5) << name;
      EXPECT_EQ(counts[2 * t + 1], 35) << name;
    }
  });
}

// The compiler copies the call of a barrier into both arms of a branch; it stays one barrier.
__global__ void branch_around_kernel(float* values) {
  WEFT_SHARED(float, first, [1]);
  const bool leads = threadIdx.x == 0;
  if (leads) first[0] = values[0];
  __syncthreads();  // first is written
  if (leads) values[0] = 1;
  values[threadIdx.x] += first[0];
}

TEST(ExecutorBarriers, MayBeCopiedByTheCompiler) {
  test::for_each_schedule(5, [&](const std::string& name) {
    std::vector<float> values(64, 5.0f);
    launch(branch_around_kernel, {.block = 64}, kStream, values.data());
    EXPECT_EQ(values[0], 6.0f) << name;
    EXPECT_EQ(values[63], 10.0f) << name;
  });
}

std::string at_line(unsigned line) { return "executor_barrier_test.cpp:" + std::to_string(line); }

constexpr unsigned kTwoBarriers = __LINE__;
__global__ void two_barriers_kernel() {
  if (threadIdx.x < 40)
    __syncthreads();  // kTwoBarriers + 3
  else
    __syncthreads();  // kTwoBarriers + 5
}

TEST(ExecutorBarriers, ThatDifferMayNotMeet) {
  expect_device_error([] { launch(two_barriers_kernel, {.block = 64}, kStream); },
                      {"block (0, 0, 0), thread (40, 0, 0), " + at_line(kTwoBarriers + 5) +
                       ": reaches __syncthreads while 40 threads wait at the barrier in " +
                       at_line(kTwoBarriers + 3)});
}

// clang-format off
__global__ void two_barriers_on_a_line_kernel() {
  if (threadIdx.x < 40) __syncthreads(); else __syncthreads();
}
// clang-format on

TEST(ExecutorBarriers, OnOneLineAreToldApart) {
  expect_device_error([] { launch(two_barriers_on_a_line_kernel, {.block = 64}, kStream); },
                      {"reaches __syncthreads (column ",
                       " while 40 threads wait at the barrier in ", " (column 38)"});
}

constexpr unsigned kEarlyReturn = __LINE__;
__global__ void early_return_kernel(unsigned first, unsigned last) {
  if (threadIdx.x >= first && threadIdx.x < last) return;
  __syncthreads();  // kEarlyReturn + 3
}

TEST(ExecutorBarriers, MustBeReachedByThreadsThatLeaveLate) {
  expect_device_error(
      [] { launch(early_return_kernel, {.block = 64}, kStream, 50u, 64u); },
      {"thread (50, 0, 0): leaves the kernel while 50 threads wait at the barrier in " +
       at_line(kEarlyReturn + 3)});
}

TEST(ExecutorBarriers, MustBeReachedByThreadsThatLeaveEarly) {
  expect_device_error(
      [] { launch(early_return_kernel, {.block = 64}, kStream, 0u, 2u); },
      {"thread (2, 0, 0), " + at_line(kEarlyReturn + 3) +
       ": reaches __syncthreads after 2 threads of the block have left the kernel"});
}

TEST(ExecutorBarriers, AreCheckedUnderEverySchedule) {
  test::for_each_schedule(20, [&](const std::string& name) {
    EXPECT_THROW(launch(two_barriers_kernel, {.block = 64}, kStream), DeviceError) << name;
    EXPECT_THROW(launch(early_return_kernel, {.block = 64}, kStream, 31u, 32u), DeviceError)
        << name;
  });
}

__global__ void half_in_a_shuffle_kernel(int* out) {
  if (threadIdx.x < 16)
    __syncthreads();
  else
    *out = __shfl_sync(~0u, 1, 0);
}

TEST(ExecutorBarriers, InADeadlockAreReported) {
  int out = 0;
  expect_device_error(
      [&] { launch(half_in_a_shuffle_kernel, {.block = 32}, kStream, &out); },
      {"block (0, 0, 0): deadlock, nothing can run: 16 from thread (0, 0, 0) wait in __syncthreads "
       "executor_barrier_test.cpp:",
       "16 from thread (16, 0, 0) wait in __shfl_sync executor_barrier_test.cpp:",
       "0 have left the kernel"});
}

}  // namespace
}  // namespace weft
