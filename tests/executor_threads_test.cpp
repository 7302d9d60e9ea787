#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "src/executor/executor.h"
#include "src/executor/race.h"
#include "tests/support/executor_config.h"
#include "tests/support/schedules.h"
#include "weft/simt.h"

namespace weft {
namespace {

using test::for_each_schedule;

constexpr StreamView kStream;

std::mutex os_thread_mutex;
__global__ void os_thread_kernel(std::set<std::thread::id>* of_grid,
                                 std::set<std::thread::id>* of_block) {
  {
    const std::lock_guard<std::mutex> lock(os_thread_mutex);
    of_grid->insert(std::this_thread::get_id());
    of_block[blockIdx.x].insert(std::this_thread::get_id());
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
  __syncthreads();
  const std::lock_guard<std::mutex> lock(os_thread_mutex);
  of_block[blockIdx.x].insert(std::this_thread::get_id());
}

TEST(ExecutorThreads, SpreadsBlocksOverOsThreadsAndNeverMovesThem) {
  for (unsigned os_threads : {1u, 2u, 5u}) {
    const test::ExecutorConfig scope(
        [=](executor::Config& config) { config.os_threads = os_threads; });
    std::set<std::thread::id> of_grid;
    std::vector<std::set<std::thread::id>> of_block(200);
    launch(os_thread_kernel, {.grid = 200, .block = 4}, kStream, &of_grid, of_block.data());
    EXPECT_LE(of_grid.size(), os_threads);
    EXPECT_GE(of_grid.size(), os_threads == 1 || executor::race::kEnabled ? 1u : 2u);
    for (const auto& threads : of_block) EXPECT_EQ(threads.size(), 1u);
  }
}

__global__ void atomics_kernel(int* counts, unsigned* bits, unsigned long long* big, float* sum) {
  const int t = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  atomicAdd(&counts[0], 1);
  atomicMax(&counts[1], t);
  atomicMin(&counts[2], -t);
  int seen = 0;
  do {  // adds 2 by hand
    seen = counts[3];
  } while (atomicCAS(&counts[3], seen, seen + 2) != seen);
  if (t == 77) atomicExch(&counts[4], t);
  atomicAdd(&bits[0], 3u);
  atomicOr(&bits[1], 1u << t % 32);
  atomicAdd(big, 1ull << 33);
  atomicAdd(sum, 0.5f);
}

TEST(ExecutorThreads, AtomicsLoseNothingBetweenOsThreads) {
  const test::ExecutorConfig scope([](executor::Config& config) { config.os_threads = 4; });
  for_each_schedule(5, [](const std::string& name) {
    std::vector<int> counts(5);
    std::vector<unsigned> bits(2);
    unsigned long long big = 0;
    float sum = 0;
    launch(atomics_kernel, {.grid = 100, .block = 100}, kStream, counts.data(), bits.data(), &big,
           &sum);
    EXPECT_EQ(counts, (std::vector<int>{10000, 9999, -9999, 20000, 77})) << name;
    EXPECT_EQ(bits, (std::vector<unsigned>{30000, ~0u})) << name;
    EXPECT_EQ(big, 10000ull << 33) << name;
    EXPECT_EQ(sum, 5000.0f) << name;  // exact: a multiple of 0.5 below 2^23
  });
}

__global__ void failing_kernel() {
  __syncthreads();
  if (threadIdx.x == 5) __syncwarp(0);
  __syncthreads();
}

__global__ void add_kernel(const float* a, const float* b, float* c, int n) {
  WEFT_SHARED(float, tile, [64]);
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  tile[threadIdx.x] = i < n ? a[i] + b[i] : 0;
  __syncthreads();  // for the sake of a switch
  if (i < n) c[i] = tile[threadIdx.x];
}

TEST(ExecutorThreads, CanComeFromSeveralHostThreadsAtOnce) {
  std::atomic<int> wrong{0}, failures{0};
  const auto work = [&](int seed) {
    for (int round = 0; round < 100; ++round) {
      const int n = 1 + (round * 37 + seed * 101) % 1000;
      const auto size = static_cast<std::size_t>(n);
      std::vector<float> a(size, static_cast<float>(seed)), b(size, static_cast<float>(round)),
          c(size);
      launch(add_kernel, {.grid = static_cast<unsigned>(n + 63) / 64, .block = 64}, kStream,
             a.data(), b.data(), c.data(), n);
      for (float value : c) wrong += value != static_cast<float>(seed + round);
      try {
        if (round % 10 == 0) launch(failing_kernel, {.grid = 3, .block = 64}, kStream);
      } catch (const DeviceError&) {
        ++failures;
      }
    }
  };
  std::vector<std::thread> threads;
  for (int seed = 1; seed <= 4; ++seed) threads.emplace_back(work, seed);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(failures, 40);
}

}  // namespace
}  // namespace weft
