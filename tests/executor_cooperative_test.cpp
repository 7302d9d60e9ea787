#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

#include "src/executor/executor.h"
#include "tests/support/device_error.h"
#include "tests/support/executor_config.h"
#include "tests/support/schedules.h"
#include "weft/simt.h"

namespace weft {
namespace {

using executor::Order;
using test::expect_device_error;

constexpr StreamView kStream;

// Notes which block comes, before and after a barrier of its own.
__global__ void trace_kernel(std::vector<unsigned>* trace, std::set<std::thread::id>* os_threads) {
  WEFT_SHARED(unsigned, mine, [64]);
  mine[threadIdx.x] = blockIdx.x;
  trace->push_back(blockIdx.x);
  __syncthreads();
  trace->push_back(mine[63 - threadIdx.x]);
  os_threads->insert(std::this_thread::get_id());
}

std::vector<unsigned> trace(Order order, std::uint64_t seed) {
  const test::ExecutorConfig scope([=](executor::Config& config) {
    config.order = order;
    config.seed = seed;
    config.os_threads = 4;
  });
  std::vector<unsigned> blocks;
  std::set<std::thread::id> os_threads;
  launch(trace_kernel, {.grid = 5, .block = 64, .cooperative = true}, kStream, &blocks,
         &os_threads);
  EXPECT_EQ(os_threads.size(), 1u);
  return blocks;
}

std::size_t changes(const std::vector<unsigned>& blocks) {
  std::size_t count = 0;
  for (std::size_t i = 1; i < blocks.size(); ++i) count += blocks[i] != blocks[i - 1] ? 1 : 0;
  return count;
}

TEST(ExecutorCooperative, RunsAllBlocksWithSharedMemoryOfTheirOwnOnOneOsThread) {
  for (Order order : {Order::ascending, Order::descending, Order::random}) {
    const std::vector<unsigned> blocks = trace(order, 1);
    for (unsigned block = 0; block < 5; ++block)
      EXPECT_EQ(std::count(blocks.begin(), blocks.end(), block), 128) << "block " << block;
  }
}

TEST(ExecutorCooperative, LeavesABlockByChanceInRandomOrderOnly) {
  EXPECT_EQ(changes(trace(Order::ascending, 1)), 4u);
  EXPECT_EQ(changes(trace(Order::descending, 1)), 4u);
  EXPECT_EQ(trace(Order::ascending, 1).front(), 0u);
  EXPECT_EQ(trace(Order::descending, 1).front(), 4u);
  std::set<std::vector<unsigned>> different;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const std::vector<unsigned> once = trace(Order::random, seed);
    EXPECT_EQ(trace(Order::random, seed), once) << "seed " << seed;
    EXPECT_GT(changes(once), 5u) << "seed " << seed;
    different.insert(once);
  }
  EXPECT_EQ(different.size(), 10u);
}

__global__ void nothing_kernel() {}
void run_together(unsigned blocks, unsigned threads, std::size_t bytes) {
  launch(nothing_kernel,
         {.grid = blocks, .block = threads, .shared_bytes = bytes, .cooperative = true}, kStream);
}

TEST(ExecutorCooperative, RefusesMoreBlocksThanTheGpuHasRoomFor) {
  struct Limit {
    int model;
    unsigned threads;
    std::size_t bytes;
    unsigned blocks;
  };
  for (const auto& [model, threads, bytes, blocks] : {
           Limit{75, 1024, 0, 40},               // a T4: 1 block of each 1,024 threads
           Limit{75, 32, 33 * 1024, 40},         // 64 KiB of shared memory
           Limit{80, 33, 0, 108 * 32},           // 2,048 threads, 64 a block: 32 blocks at most
           Limit{80, 256, 54 * 1024, 2 * 108},   // (54 + 1) KiB of 164
           Limit{86, 1024, 0, 82},               // 1,536 threads
           Limit{89, 32, 0, 24 * 128},           // 24 blocks
           Limit{90, 1024, 0, 2 * 132},          // 2,048 threads
           Limit{90, 256, 0, 8 * 132},           //
           Limit{90, 128, 227 * 1024, 132},      // (227 + 1) KiB of 228
           Limit{90, 128, 113 * 1024, 2 * 132},  // (113 + 1) KiB
           Limit{90, 128, 113 * 1024 + 1, 132},  //
       }) {
    const test::ExecutorConfig scope(
        [model = model](executor::Config& config) { config.compute_capability = model; });
    EXPECT_EQ(max_resident_blocks(nothing_kernel, threads, bytes), blocks);
    EXPECT_NO_THROW(run_together(blocks, threads, bytes));
    expect_device_error(
        [&, n = blocks, t = threads, b = bytes] { run_together(n + 1, t, b); },
        {"nothing_kernel: launch at executor_cooperative_test.cpp:",
         "is cooperative and has " + std::to_string(blocks + 1) + " blocks of " +
             std::to_string(threads) + " threads and " + std::to_string(bytes) + " bytes",
         "sm_" + std::to_string(model) + " has room for " + std::to_string(blocks) + " at once"});
  }
  EXPECT_EQ(max_resident_blocks(nothing_kernel, 32, 228 * 1024), 0u);
}

__global__ void collide_kernel(bool fail) {
  __syncthreads();
  if (fail && blockIdx.x == 7 && threadIdx.x == 3) __syncwarp(0b1u);
  __syncthreads();
}
void collide(bool fail) {
  launch(collide_kernel, {.grid = 20, .block = 64, .cooperative = true}, kStream, fail);
}

TEST(ExecutorCooperative, NamesTheBlockOfAFailureAndWorksAgain) {
  test::for_each_schedule(5, [](const std::string& name) {
    for (int round = 0; round < 5; ++round) {
      expect_device_error([] { collide(true); },
                          {"collide_kernel: block (7, 0, 0), thread (3, 0, 0), "
                           "executor_cooperative_test.cpp:",
                           "is not in its own mask"});
      EXPECT_NO_THROW(collide(false)) << name;
    }
  });
}

}  // namespace
}  // namespace weft
