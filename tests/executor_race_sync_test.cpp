// What releases, acquires and mbarriers hand on from thread to thread in the race build, and what they do not.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kernels/primitives/mbarrier.cuh"
#include "kernels/primitives/sync.cuh"
#include "tests/race_case.h"
#include "tests/support/guarded.h"
#include "weft/simt.h"
#include "weft/tensor.h"

namespace weft {
namespace {

using test::expect_in_all_orders;
using test::Guarded;

enum class Hand { release, relaxed, no_barrier };

// Block 0 fills a row and counts; block 1 waits for the count and reads the row.
template <Hand kHand>
__global__ void hand_over_kernel(int* memory) {
  auto* const counter = reinterpret_cast<unsigned*>(memory + 1000);
  const unsigned t = threadIdx.x;
  if (blockIdx.x == 0) {
    memory[t] = 1;
    if (kHand != Hand::no_barrier) __syncthreads();
    if (t == 0 && kHand == Hand::relaxed) kernels::add_relaxed(counter, 1);
    if (t == 0 && kHand != Hand::relaxed) kernels::add_release(counter, 1);
  } else {
    if (t == 0) kernels::wait_at_least(counter, 1);
    __syncthreads();
    memory[512 + t] = memory[(t + 33) % blockDim.x];
  }
}

TEST(ExecutorRace, AReleaseHandsOnWhatTheThreadKnowsAndNoMore) {
  const LaunchShape two_blocks{.grid = 2, .block = 64, .cooperative = true};
  const std::vector<std::string> race{"reads global memory in a race with the write by thread (",
                                      "of block (0, 0, 0)"};
  expect_in_all_orders(hand_over_kernel<Hand::release>, two_blocks, {});
  expect_in_all_orders(hand_over_kernel<Hand::relaxed>, two_blocks, race);
  expect_in_all_orders(hand_over_kernel<Hand::no_barrier>, two_blocks, race);
}

// Thread 0 fetches a tile and writes a number: before it arrives, or after.
__global__ void fetch_kernel(int* memory, const float* source, bool arrives_first) {
  WEFT_SHARED(float, tile, [4]);
  WEFT_SHARED(kernels::Mbarrier, full, [1]);
  if (threadIdx.x == 0) {
    kernels::mbarrier_init(full, 1);
    kernels::mbarrier_fence_init();
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    if (!arrives_first) memory[0] = 1;
    kernels::mbarrier_arrive_expect_tx(full, 16);
    if (arrives_first) memory[0] = 1;
    kernels::bulk_copy(tile, source, 16, full);
  } else {
    kernels::mbarrier_wait_parity(full, 0);
    memory[threadIdx.x] = static_cast<int>(tile[threadIdx.x % 4]) + memory[0];
  }
}

TEST(ExecutorRace, AnMbarrierHandsOnItsArrivalsAndItsCopies) {
  const Tensor source = full({4}, 1, DType::float32, Device::gpu);
  const float* const address = source.data<float>();
  expect_in_all_orders(fetch_kernel, {.block = 64}, {}, address, false);
  expect_in_all_orders(fetch_kernel, {.block = 64},
                       {"global memory in a race with the ", "thread (0, 0, 0)"}, address, true);
}

// Threads 0 and 1 end a phase; thread 0 writes and arrives for the next; thread 2 waits for the first alone.
__global__ void next_phase_kernel(int* memory, bool reads) {
  auto* const counter = reinterpret_cast<unsigned*>(memory + 1000);
  WEFT_SHARED(kernels::Mbarrier, met, [1]);
  if (threadIdx.x == 0) {
    memory[0] = 1;
    kernels::mbarrier_init(met, 2);
  }
  __syncthreads();
  if (threadIdx.x <= 1) {
    memory[1 + threadIdx.x] = 1;
    kernels::mbarrier_arrive(met);
  }
  if (threadIdx.x == 0) {
    kernels::mbarrier_wait_parity(met, 0);
    memory[0] = 2;
    kernels::mbarrier_arrive(met);
    kernels::add_relaxed(counter, 1);
  }
  if (threadIdx.x == 2) {
    kernels::wait_at_least(counter, 1);  // which orders nothing
    kernels::mbarrier_wait_parity(met, 0);
    memory[3] = memory[1] + memory[2];
    if (reads) memory[4] = memory[0];
  }
}

TEST(ExecutorRace, AWaitForAPhaseLearnsNothingOfTheNext) {
  expect_in_all_orders(next_phase_kernel, {.block = 32}, {}, false);
  expect_in_all_orders(
      next_phase_kernel, {.block = 32},
      {"thread (2, 0, 0)", "reads global memory in a race with the write by thread (0, 0, 0)"},
      true);
}

}  // namespace
}  // namespace weft
