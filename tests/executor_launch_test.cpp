#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "src/device/runtime.h"
#include "src/executor/executor.h"
#include "tests/support/device_error.h"
#include "tests/support/executor_config.h"
#include "tests/support/schedules.h"
#include "weft/simt.h"

namespace weft {
namespace {

using test::expect_device_error;
using test::for_each_schedule;

constexpr StreamView kStream;

struct Place {
  unsigned block_x, block_y, block_z, x, y, z;
  friend bool operator==(const Place&, const Place&) = default;
};

__global__ void place_kernel(Place* places) {
  const unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  const unsigned thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  places[block * blockDim.x * blockDim.y * blockDim.z + thread] = {
      blockIdx.x, blockIdx.y, blockIdx.z, threadIdx.x, threadIdx.y, threadIdx.z};
}

TEST(ExecutorLaunch, RunsEveryThreadOfEveryBlockOnce) {
  const dim3 grid(5, 3, 2), block(7, 3, 4);
  std::vector<Place> expected;
  for (unsigned bz = 0; bz < grid.z; ++bz)
    for (unsigned by = 0; by < grid.y; ++by)
      for (unsigned bx = 0; bx < grid.x; ++bx)
        for (unsigned z = 0; z < block.z; ++z)
          for (unsigned y = 0; y < block.y; ++y)
            for (unsigned x = 0; x < block.x; ++x) expected.push_back({bx, by, bz, x, y, z});
  for_each_schedule(5, [&](const std::string& name) {
    std::vector<Place> places(expected.size());
    launch(place_kernel, {.grid = grid, .block = block}, kStream, places.data());
    EXPECT_EQ(places, expected) << name;
  });
}

__global__ void nothing_kernel() {}
void no_blocks() { launch(nothing_kernel, {.grid = 0, .block = 32}, kStream); }

TEST(ExecutorLaunch, RefusesWhatTheDeviceWouldRefuse) {
  const auto refused = [](dim3 grid, dim3 block) {
    return [=] { launch(nothing_kernel, {.grid = grid, .block = block}, kStream); };
  };
  expect_device_error(no_blocks, {"nothing_kernel: launch at executor_launch_test.cpp:",
                                  "has the empty grid (0, 1, 1)"});
  expect_device_error(refused({1, 0, 1}, 32), {"has the empty grid (1, 0, 1)"});
  expect_device_error(refused(1, {32, 0, 1}), {"has the empty block (32, 0, 1)"});
  expect_device_error(refused(1, 1025),
                      {"has the block (1025, 1, 1), the limits are (1024, 1024, 64)"});
  expect_device_error(refused(1, {1, 1, 65}),
                      {"has the block (1, 1, 65), the limits are (1024, 1024, 64)"});
  expect_device_error(refused(1, {32, 33, 1}),
                      {"has the block (32, 33, 1) of 1056 threads, the limit is 1024"});
  expect_device_error(refused({1, 65536, 1}, 1), {"has the grid (1, 65536, 1)"});
  expect_device_error(refused({1, 1, 65536}, 1), {"has the grid (1, 1, 65536)"});
  expect_device_error(refused({0x80000000u, 1, 1}, 1), {"has the grid (2147483648, 1, 1)"});
  EXPECT_NO_THROW(refused({1, 65535, 1}, 1)());
  EXPECT_NO_THROW(refused(1, 1024)());
}

__global__ void nested_kernel() { launch(nothing_kernel, {}, kStream); }

TEST(ExecutorLaunch, RefusesALaunchInsideAKernel) {
  expect_device_error(
      [] { launch(nested_kernel, {}, kStream); },
      {"nothing_kernel: launch at executor_launch_test.cpp:", "is inside a kernel"});
}

template <class T>
__global__ void collide_kernel(T fail) {
  if (fail && blockIdx.x == 7 && threadIdx.x == 3) __syncwarp(0b1u);
  __syncthreads();
}
void collide(bool fail) { launch(collide_kernel<bool>, {.grid = 100, .block = 64}, kStream, fail); }

TEST(ExecutorLaunch, NamesKernelBlockThreadFileAndLineOfAFailure) {
  for_each_schedule(5, [](const std::string&) {
    expect_device_error(
        [] { collide(true); },
        {"collide_kernel: block (7, 0, 0), thread (3, 0, 0), executor_launch_test.cpp:",
         "calls __syncwarp but is not in its own mask"});
  });
}

TEST(ExecutorLaunch, WorksAgainAfterAFailure) {
  for_each_schedule(5, [](const std::string& name) {
    for (int round = 0; round < 20; ++round) {
      EXPECT_THROW(collide(true), DeviceError) << name;
      EXPECT_NO_THROW(collide(false)) << name;
    }
  });
}

TEST(ExecutorLaunch, LosesNoStackToAFailure) {
  const test::ExecutorConfig scope([](executor::Config& config) { config.os_threads = 1; });
  collide(false);
  const std::uint64_t fibers = executor::stats().fibers;
  for (int round = 0; round < 20; ++round) EXPECT_THROW(collide(true), DeviceError);
  EXPECT_EQ(executor::stats().fibers, fibers);
}

__global__ void throwing_kernel(unsigned block) {
  __syncthreads();
  if (blockIdx.x == block && threadIdx.x == 9) throw std::out_of_range("row 9");
  __syncthreads();
}

TEST(ExecutorLaunch, RethrowsWhatAKernelThrows) {
  for_each_schedule(5, [](const std::string& name) {
    EXPECT_THROW(launch(throwing_kernel, {.grid = 50, .block = 64}, kStream, 20u),
                 std::out_of_range)
        << name;
    EXPECT_NO_THROW(launch(throwing_kernel, {.grid = 50, .block = 64}, kStream, 50u)) << name;
  });
}

__global__ void all_fail_kernel(
    unsigned first) {  // the block whose turn is first: first in time too
  std::this_thread::sleep_for(std::chrono::milliseconds(blockIdx.x == first ? 1 : 3));
  __syncwarp(0);
}

TEST(ExecutorLaunch, ReportsTheFirstOfSeveralFailingBlocks) {
  for (const auto& [order, block] :
       {std::pair{executor::Order::ascending, 0u}, std::pair{executor::Order::descending, 49u}}) {
    const test::ExecutorConfig scope([order = order](executor::Config& config) {
      config.order = order;
      config.os_threads = 4;
    });
    for (int round = 0; round < 20; ++round)
      expect_device_error(
          [block = block] { launch(all_fail_kernel, {.grid = 50}, kStream, block); },
          {"block (" + std::to_string(block) + ", 0, 0)"});
  }
}

TEST(ExecutorLaunch, MemoryIsAlignedAndOutOfMemoryIsAnError) {
  for (std::size_t bytes : {0u, 1u, 100u, 4096u}) {
    void* memory = runtime::allocate(bytes, kStream);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % 256, 0u);
    runtime::release(memory, kStream);
  }
  expect_device_error([] { runtime::allocate(std::size_t{1} << 60, kStream); },
                      {"out of memory", "1152921504606846976 bytes"});
}

TEST(ExecutorLaunch, PropertiesFollowTheConfig) {
  const test::ExecutorConfig scope([](executor::Config& config) {
    config.os_threads = 3;
    config.compute_capability = 86;
  });
  const DeviceProperties properties = runtime::properties(0);
  EXPECT_EQ(properties.name, "SIMT executor, 3 threads");
  EXPECT_EQ(properties.compute_capability, 86);
  EXPECT_EQ(properties.shared_bytes_per_block, 99u * 1024);
  EXPECT_TRUE(properties.is_executor);
  EXPECT_EQ(runtime::probe(), "");
}

}  // namespace
}  // namespace weft
