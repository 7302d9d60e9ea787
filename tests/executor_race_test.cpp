// What the race build reports, and what it must not. tests/planted_bugs has whole kernels with one bug
// each; here every rule of src/executor/race.h stands alone.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kernels/primitives/mma.cuh"
#include "kernels/primitives/sync.cuh"
#include "tests/race_case.h"
#include "tests/support/device_error.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "weft/simt.h"
#include "weft/tensor.h"

namespace weft {
namespace {

using test::expect_device_error;
using test::expect_in_all_orders;
using test::for_each_schedule;
using test::Guarded;

constexpr StreamView kStream;

// What orders the accesses of two threads that each write their own element and then read another's.
enum class Between { nothing, shuffle, warp, half_warps, barrier };

template <Between kBetween>
__device__ void separate(int lane) {
  const unsigned half = lane < 16 ? 0x0000ffffu : 0xffff0000u;
  if constexpr (kBetween == Between::shuffle) __shfl_sync(0xffffffffu, lane, 0);
  if constexpr (kBetween == Between::warp) __syncwarp();
  if constexpr (kBetween == Between::half_warps) __syncwarp(half);
  if constexpr (kBetween == Between::barrier) __syncthreads();
}

template <Between kBetween>
__global__ void exchange_kernel(int* memory, int distance) {
  const int t = static_cast<int>(threadIdx.x);
  memory[t] = t;
  separate<kBetween>(t % 32);
  memory[512 + t] = memory[t ^ distance];
}

TEST(ExecutorRace, BarriersOrderTheBlockAndSyncwarpItsLanes) {
  const std::vector<std::string> race{"exchange_kernel", "global memory in a race with the ",
                                      "thread (", "executor_race_test.cpp:"};
  const LaunchShape two_warps{.block = 64}, one_warp{.block = 32};
  expect_in_all_orders(exchange_kernel<Between::nothing>, one_warp, race, 1);
  expect_in_all_orders(exchange_kernel<Between::shuffle>, one_warp, race, 1);
  expect_in_all_orders(exchange_kernel<Between::warp>, one_warp, {}, 1);
  expect_in_all_orders(exchange_kernel<Between::warp>, two_warps, {}, 31);
  expect_in_all_orders(exchange_kernel<Between::warp>, two_warps, race, 32);
  expect_in_all_orders(exchange_kernel<Between::half_warps>, one_warp, {}, 15);
  expect_in_all_orders(exchange_kernel<Between::half_warps>, one_warp, race, 16);
  expect_in_all_orders(exchange_kernel<Between::barrier>, two_warps, {}, 63);
}

__global__ void chain_of_lanes_kernel(int* memory) {  // 0 to 1 to 2, each by a meeting of two lanes
  const unsigned lane = threadIdx.x;
  if (lane == 0) memory[0] = 1;
  if (lane <= 1) __syncwarp(3u);
  if (lane == 1) memory[1] = memory[0];
  if (lane == 1 || lane == 2) __syncwarp(6u);
  if (lane == 2) memory[2] = memory[0] + memory[1];
}

TEST(ExecutorRace, MeetingsOfLanesHandOnWhatTheyKnow) {
  expect_in_all_orders(chain_of_lanes_kernel, {.block = 32}, {});
}

// Two lanes meet; what one of them does afterwards the other one does not know.
__global__ void after_the_meeting_kernel(int* memory, unsigned lanes) {
  const unsigned lane = threadIdx.x;
  if ((lanes >> lane & 1) != 0) __syncwarp(lanes);
  if (lane == 0) memory[0] = 1;
  if (lane == 1) memory[1] = memory[0];
}

TEST(ExecutorRace, AMeetingOrdersWhatCameBeforeItAlone) {
  for (const unsigned lanes : {3u, 0xffffu, 0xffffffffu})
    expect_in_all_orders(after_the_meeting_kernel, {.block = 32}, {"global memory in a race"},
                         lanes);
}

// All lanes of warp 1 read a number, then a lane of warp 0; then warp 1 meets, and one of it writes. Relaxed
// counters make it come about in this order, and order nothing.
__global__ void late_reader_kernel(int* memory) {
  auto* const counters = reinterpret_cast<unsigned*>(memory + 1000);
  const unsigned t = threadIdx.x;
  if (t >= 32) {
    memory[t] = memory[512];
    kernels::add_relaxed(&counters[0], 1);
    kernels::wait_at_least(&counters[1], 1);
    __syncwarp();
    if (t == 32) memory[512] = 1;
  } else if (t == 0) {
    kernels::wait_at_least(&counters[0], 32);
    memory[t] = memory[512];
    kernels::add_relaxed(&counters[1], 1);
  }
}

TEST(ExecutorRace, ReadersOfTwoWarpsAreKept) {
  expect_in_all_orders(late_reader_kernel, {.block = 64},
                       {"thread (32, 0, 0)",
                        "writes global memory in a race with the read by "
                        "thread (0, 0, 0)"});
}

__global__ void one_writer_kernel(int* memory, unsigned writer) {  // all read, one writes too early
  WEFT_SHARED(int, value, [1]);
  if (threadIdx.x == 0) value[0] = 0;
  __syncthreads();
  memory[threadIdx.x] = value[0];
  if (threadIdx.x == writer) value[0] = 1;
}

TEST(ExecutorRace, OneWriterAmongManyReadersIsSeen) {
  for (unsigned writer : {0u, 31u, 100u, 255u})
    expect_in_all_orders(one_writer_kernel, {.block = 256}, {"shared memory in a race"}, writer);
}

__global__ void atomic_kernel(int* memory, bool reads_early) {
  atomicAdd(&memory[0], 1);
  if (!reads_early) __syncthreads();
  if (threadIdx.x == 0) memory[1] = memory[0];
}

TEST(ExecutorRace, AtomicsRaceWithPlainAccessesAlone) {
  expect_in_all_orders(atomic_kernel, {.block = 256}, {}, false);
  expect_in_all_orders(atomic_kernel, {.block = 256}, {"in a race with the "}, true);
  // One thread's plain read is in no order with another block's update, whoever came last.
  expect_in_all_orders(atomic_kernel, {.grid = 2, .block = 32}, {"in a race with the "}, false);
}

__global__ void bytes_kernel(int* memory, bool overlap) {
  auto* const bytes = reinterpret_cast<unsigned char*>(memory);
  bytes[threadIdx.x] = 1;
  if (overlap && threadIdx.x == 63) bytes[7] = 2;
}

TEST(ExecutorRace, NeighbouringBytesAreTwoPlaces) {
  expect_in_all_orders(bytes_kernel, {.block = 64}, {}, false);
  expect_in_all_orders(bytes_kernel, {.block = 64}, {"writes global memory in a race"}, true);
}

// A byte of a word by thread 0, and the whole word by thread 1; which writes, and which comes first.
__global__ void byte_and_word_kernel(int* memory, int byte, bool byte_writes, bool in_order) {
  auto* const bytes = reinterpret_cast<unsigned char*>(memory);
  if (threadIdx.x == 0) {
    if (byte_writes)
      bytes[byte] = 1;
    else
      memory[8] = bytes[byte];
  }
  if (in_order) __syncthreads();
  if (threadIdx.x == 1) {
    if (byte_writes)
      memory[9] = memory[0];
    else
      memory[0] = 7;
  }
}

TEST(ExecutorRace, BytesAndTheirWordsAreOnePlace) {
  for (const int byte : {0, 1, 3})
    for (const bool byte_writes : {true, false}) {
      expect_in_all_orders(byte_and_word_kernel, {.block = 32}, {"global memory in a race"}, byte,
                           byte_writes, false);
      expect_in_all_orders(byte_and_word_kernel, {.block = 32}, {}, byte, byte_writes, true);
      expect_in_all_orders(byte_and_word_kernel, {.block = 32}, {}, byte + 4, byte_writes, false);
    }
}

__global__ void rows_of_blocks_kernel(int* memory, unsigned stride) {
  memory[blockIdx.x * stride + threadIdx.x] = 1;
}

TEST(ExecutorRace, NothingOrdersTheBlocksOfALaunchButItsEnd) {
  expect_in_all_orders(rows_of_blocks_kernel, {.grid = 8, .block = 64}, {}, 64u);
  expect_in_all_orders(rows_of_blocks_kernel, {.grid = 8, .block = 64},
                       {"in a race with the write by thread (", "of block ("}, 63u);
  for_each_schedule(test::kOrders, [](const std::string& order) {  // one block each, three launches
    SCOPED_TRACE(order);
    const Guarded<int> memory(std::vector<int>(1024, 0));
    for (int i = 0; i < 3; ++i)
      EXPECT_NO_THROW(launch(rows_of_blocks_kernel, {.block = 64}, kStream, memory.data(), 64u));
  });
}

__global__ void rows_through_matrices_kernel(int* memory, bool waits) {
  WEFT_SHARED(float4, tile, [32]);
  tile[threadIdx.x] = make_float4(1, 2, 3, 4);
  if (waits) __syncwarp();
  std::uint32_t registers[4];
  kernels::ldmatrix(registers, &tile[threadIdx.x ^ 1]);
  memory[threadIdx.x] = static_cast<int>(registers[0]);
}

TEST(ExecutorRace, MatrixLoadsAreReadsOfTheLaneThatNamesTheRow) {
  expect_in_all_orders(rows_through_matrices_kernel, {.block = 32}, {}, true);
  expect_in_all_orders(rows_through_matrices_kernel, {.block = 32},
                       {"reads shared memory that is uninitialised"}, false);
}

__global__ void off_the_end_kernel(int* memory, int index, bool writes) {
  if (writes)
    memory[index] = 1;
  else
    memory[0] = memory[index];
}

TEST(ExecutorRace, DeviceMemoryHasBounds) {
  for (const std::int64_t size : {1, 3, 64, 1000}) {
    const Tensor x = full({size}, 0, DType::int32, Device::gpu);
    const auto run = [&](std::int64_t index, bool writes) {
      launch(off_the_end_kernel, {}, kStream, x.data<std::int32_t>(), static_cast<int>(index),
             writes);
    };
    EXPECT_NO_THROW(run(size - 1, true));
    expect_device_error([&] { run(size, true); }, {"writes global memory outside any allocation"});
    expect_device_error([&] { run(size, false); }, {"reads global memory outside any allocation"});
    expect_device_error([&] { run(-1, true); }, {"writes global memory outside any allocation"});
    EXPECT_NO_THROW(run(0, false));
  }
}

TEST(ExecutorRace, WhatWasGivenBackIsOutOfBounds) {
  Tensor x = full({64}, 0, DType::int32, Device::gpu);
  std::int32_t* const address = x.data<std::int32_t>();
  x = Tensor();
  const Tensor y = full({64}, 0, DType::int32, Device::gpu);  // takes other memory
  expect_device_error([&] { launch(off_the_end_kernel, {}, kStream, address, 3, false); },
                      {"outside any allocation"});
}

__global__ void nothing_kernel() {}

TEST(ExecutorRace, GoesOnAfterMoreBlocksThanItCanTellApart) {
  for (int i = 0; i < 3; ++i) launch(nothing_kernel, {.grid = 2'000'000}, kStream);
  expect_in_all_orders(exchange_kernel<Between::barrier>, {.block = 64}, {}, 63);
  expect_in_all_orders(exchange_kernel<Between::nothing>, {.block = 64}, {"in a race"}, 63);
  expect_device_error([] { launch(nothing_kernel, {.grid = 1u << 22}, kStream); },
                      {"a race build takes up to"});
}

}  // namespace
}  // namespace weft
