// How blocks meet: grid barrier, "last block done", flags. Runs on the executor and, in the cuda build, on a
// GPU.

#include "kernels/primitives/sync.cuh"

#include <cstdint>
#include <vector>

#include "kernels/primitives/grid_barrier.cuh"
#include "tests/support/device_error.h"
#include "tests/support/gpu_test.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "weft/simt.h"

namespace weft {
namespace {

class Sync : public test::GpuTest {};
using Numbers = std::vector<unsigned>;

constexpr StreamView kStream;
constexpr int kRandomOrders = 20;

Numbers counter_at(unsigned start) { return {start}; }

// Each round every block makes a number of all blocks' numbers of the round before. Two sets of slots take
// turns, so that one barrier a round is enough.
__global__ void rounds_kernel(unsigned* counter, unsigned start, unsigned* slots, int rounds,
                              unsigned* results) {
  WEFT_SHARED(unsigned, own, [1]);
  const unsigned blocks = gridDim.x, me = blockIdx.x;  // slots [2][blocks]
  kernels::GridBarrier barrier(counter, start);
  unsigned number = me + 1;
  for (int round = 0; round < rounds; ++round) {
    unsigned* const turn = slots + (round % 2 == 0 ? 0 : blocks);
    if (threadIdx.x == blockDim.x - 1) turn[me] = number;  // not the thread that releases
    barrier.arrive_and_wait();
    unsigned sum = 0;
    for (unsigned b = threadIdx.x; b < blocks; b += blockDim.x) sum += (b + me + 1) * turn[b];
    if (threadIdx.x == 0) own[0] = 0;
    __syncthreads();  // own is 0
    atomicAdd(&own[0], sum);
    __syncthreads();  // own is the whole sum
    number = own[0];
  }
  if (threadIdx.x == 0) results[me] = number;
}

Numbers expected_rounds(unsigned blocks, int rounds) {
  Numbers numbers(blocks), next(blocks);
  for (unsigned b = 0; b < blocks; ++b) numbers[b] = b + 1;
  for (int round = 0; round < rounds; ++round, numbers.swap(next))
    for (unsigned me = 0; me < blocks; ++me) {
      next[me] = 0;
      for (unsigned b = 0; b < blocks; ++b) next[me] += (b + me + 1) * numbers[b];
    }
  return numbers;
}

void check_rounds(unsigned blocks, unsigned threads, int rounds, unsigned start,
                  const std::string& name) {
  test::Guarded<unsigned> counter(counter_at(start)), slots(2 * blocks), results(blocks);
  launch(rounds_kernel, {.grid = blocks, .block = threads, .cooperative = true}, kStream,
         counter.data(), start, slots.data(), rounds, results.data());
  ASSERT_EQ(results.download(), expected_rounds(blocks, rounds))
      << blocks << " blocks of " << threads << " threads, " << name;
  EXPECT_EQ(counter.download()[0], start + blocks * static_cast<unsigned>(rounds)) << name;
}

TEST_F(Sync, GridBarrierHoldsOverBlocksRoundsAndOrders) {
  for (unsigned blocks : {1u, 2u, 7u, 32u, 61u})
    for (unsigned threads : {1u, 31u, 32u, 33u, 64u})
      test::for_each_schedule(kRandomOrders, [&](const std::string& name) {
        check_rounds(blocks, threads, 9, 0, name);
      });
}

TEST_F(Sync, GridBarrierHoldsForTheLargestBlocks) {
  test::for_each_schedule(1, [&](const std::string& name) { check_rounds(16, 1024, 3, 0, name); });
}

TEST_F(Sync, GridBarrierCountsOnFromTheLargestNumberToZero) {
  test::for_each_schedule(kRandomOrders, [&](const std::string& name) {
    check_rounds(7, 32, 9, 0xFFFFFFFFu - 30, name);  // in the fifth round
    check_rounds(7, 32, 9, 0x7FFFFFFFu - 30, name);  // from the largest int to the smallest
  });
}

// Work between arriving and waiting, in three dimensions.
__global__ void split_kernel(unsigned* counter, unsigned* slots, unsigned* results) {
  kernels::GridBarrier barrier(counter);
  const unsigned blocks = gridDim.x * gridDim.y * gridDim.z;
  const unsigned me = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  const unsigned thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  if (thread == 0) slots[me] = me;
  barrier.arrive();
  unsigned own = 3 * me;
  barrier.wait();
  if (thread == 5) results[me] = own + slots[(me + 1) % blocks];
}

TEST_F(Sync, GridBarrierLeavesRoomForWorkBeforeItsEnd) {
  const unsigned blocks = 3 * 2 * 2;
  Numbers expected;
  for (unsigned b = 0; b < blocks; ++b) expected.push_back(3 * b + (b + 1) % blocks);
  test::for_each_schedule(kRandomOrders, [&](const std::string& name) {
    test::Guarded<unsigned> counter(counter_at(0)), slots(blocks), results(blocks);
    launch(split_kernel, {.grid = {3, 2, 2}, .block = {4, 3, 2}, .cooperative = true}, kStream,
           counter.data(), slots.data(), results.data());
    ASSERT_EQ(results.download(), expected) << name;
  });
}

// sums[i] = the blocks' partial sums of x [blocks][threads], added up in their order by the last one.
__global__ void last_block_kernel(const unsigned* x, unsigned* partials, unsigned* counter,
                                  unsigned* sum, int repeats) {
  WEFT_SHARED(unsigned, total, [1]);
  for (int repeat = 0; repeat < repeats; ++repeat) {
    const unsigned me = blockIdx.x;
    if (threadIdx.x == 0) total[0] = 0;
    __syncthreads();  // total is 0
    atomicAdd(&total[0], x[me * blockDim.x + threadIdx.x]);
    __syncthreads();  // total is the whole sum
    unsigned* const mine = partials + static_cast<unsigned>(repeat) * gridDim.x;
    if (threadIdx.x == blockDim.x - 1) mine[me] = total[0];
    if (!kernels::is_last_block(counter + repeat, gridDim.x)) continue;
    if (threadIdx.x == blockDim.x / 2) {
      unsigned all = 0;
      for (unsigned b = 0; b < gridDim.x; ++b) all = 3 * all + mine[b];
      sum[repeat] = all;
    }
  }
}

TEST_F(Sync, TheLastBlockSeesWhatTheOthersDid) {
  constexpr int kRepeats = 3;
  for (unsigned blocks : {1u, 2u, 33u, 100u})
    for (unsigned threads : {1u, 31u, 32u, 33u, 100u}) {
      Numbers numbers(blocks * threads);
      for (unsigned i = 0; i < numbers.size(); ++i) numbers[i] = i * i + 1;
      unsigned expected = 0;
      for (unsigned b = 0; b < blocks; ++b) {
        unsigned partial = 0;
        for (unsigned t = 0; t < threads; ++t) partial += numbers[b * threads + t];
        expected = 3 * expected + partial;
      }
      const test::Guarded<unsigned> x(numbers), counters(Numbers(kRepeats, 0));
      test::for_each_schedule(kRandomOrders, [&](const std::string& name) {
        test::Guarded<unsigned> partials(kRepeats * blocks), sums(kRepeats);
        launch(last_block_kernel, {.grid = blocks, .block = threads}, kStream, x.data(),
               partials.data(), counters.data(), sums.data(), kRepeats);
        ASSERT_EQ(sums.download(), Numbers(kRepeats, expected))
            << blocks << " blocks of " << threads << " threads, " << name;
        ASSERT_EQ(counters.download(), Numbers(kRepeats, 0)) << "not ready for the next launch";
      });
    }
}

// Block b takes what block b - 1 has put into the one cell between them, item by item, and adds b.
__global__ void relay_kernel(unsigned* cells, unsigned* full, unsigned* taken, unsigned items,
                             unsigned* results) {
  const unsigned me = blockIdx.x, last = gridDim.x - 1;
  if (threadIdx.x != 0) return;
  for (unsigned item = 0; item < items; ++item) {
    unsigned value = item;
    if (me > 0) {
      kernels::wait_at_least(&full[me - 1], item + 1);
      value = cells[me - 1] + me;
      kernels::add_release(&taken[me - 1], 1);
    }
    if (me < last) {
      kernels::wait_at_least(&taken[me], item);  // the cell is free again
      cells[me] = value;
      kernels::store_release(&full[me], item + 1);
    } else {
      results[item] = value;
    }
  }
}

TEST_F(Sync, FlagsPassDataFromBlockToBlock) {
  for (unsigned blocks : {1u, 2u, 9u}) {
    constexpr unsigned kItems = 20;
    Numbers expected;
    for (unsigned item = 0; item < kItems; ++item)
      expected.push_back(item + blocks * (blocks - 1) / 2);
    test::for_each_schedule(kRandomOrders, [&](const std::string& name) {
      test::Guarded<unsigned> cells(blocks), full(Numbers(blocks, 0)), taken(Numbers(blocks, 0)),
          results(kItems);
      launch(relay_kernel, {.grid = blocks, .block = 32, .cooperative = true}, kStream,
             cells.data(), full.data(), taken.data(), kItems, results.data());
      ASSERT_EQ(results.download(), expected) << blocks << " blocks, " << name;
    });
  }
}

__global__ void counting_kernel(unsigned* counts, unsigned* tickets) {
  const unsigned thread = blockIdx.x * blockDim.x + threadIdx.x;
  kernels::add_relaxed(&counts[0], 2);
  kernels::add_release(&counts[1], 3);
  tickets[thread] = kernels::add_acq_rel(&counts[2], 1);
  if (thread == 0) kernels::store_release(&counts[3], 77);
  if (thread == 0) counts[4] = kernels::load_acquire(&counts[3]);
}

TEST_F(Sync, OperationsCountEveryThreadOnce) {
  constexpr unsigned kAll = 5 * 33;
  test::for_each_schedule(kRandomOrders, [&](const std::string& name) {
    test::Guarded<unsigned> counts(Numbers(5, 0)), tickets(kAll);
    launch(counting_kernel, {.grid = 5, .block = 33}, kStream, counts.data(), tickets.data());
    EXPECT_EQ(counts.download(), (Numbers{2 * kAll, 3 * kAll, kAll, 77, 77})) << name;
    Numbers seen(kAll, 0);
    for (unsigned ticket : tickets.download())
      if (ticket < kAll) ++seen[ticket];
    EXPECT_EQ(seen, Numbers(kAll, 1)) << name;
  });
}

TEST_F(Sync, TooManyBlocksAreRefusedAndOneFewerRun) {
  const unsigned room = max_resident_blocks(split_kernel, 1024);
  ASSERT_GT(room, 0u);
  test::Guarded<unsigned> counter(counter_at(0)), slots(room + 1), results(room + 1);
  const auto run = [&](unsigned blocks) {
    launch(split_kernel, {.grid = blocks, .block = 1024, .cooperative = true}, kStream,
           counter.data(), slots.data(), results.data());
  };
  test::expect_device_error([&] { run(room + 1); },
                            {"room for " + std::to_string(room), "at once"});
  EXPECT_EQ(counter.download()[0], 0u);
  check_rounds(4, 64, 3, 0, "after a refusal");
}

}  // namespace
}  // namespace weft
