#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/primitives/async_copy.cuh"
#include "tests/support/device_error.h"
#include "tests/support/executor_config.h"
#include "tests/support/schedules.h"
#include "weft/simt.h"

namespace weft {
namespace {

using kernels::async_copy;
using kernels::async_copy_commit;
using kernels::async_copy_wait;
using kernels::async_copy_zero_fill;
using test::expect_device_error;
using test::for_each_schedule;

constexpr StreamView kStream;

std::vector<float> counted(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i);
  return values;
}

// Sum over tiles of 32 x 4 floats, each read by other threads than copied it; Depth tiles are under way.
template <int Depth>
__global__ void pipeline_kernel(const float* from, int tiles, float* to) {
  WEFT_SHARED(float, stage, [Depth][32 * 4]);
  const int t = static_cast<int>(threadIdx.x);
  const auto load = [&](int tile) {
    if (tile < tiles) async_copy<16>(&stage[tile % Depth][4 * t], from + tile * 128 + 4 * t);
    async_copy_commit();  // an empty group keeps the count
  };
  for (int tile = 0; tile < Depth - 1; ++tile) load(tile);
  float sum = 0;
  for (int tile = 0; tile < tiles; ++tile) {
    load(tile + Depth - 1);
    async_copy_wait<Depth - 1>();
    __syncthreads();  // the tile has landed
    for (int i = 0; i < 4; ++i) sum += stage[tile % Depth][127 - 4 * t - i];
    __syncthreads();  // the tile has been read
  }
  to[t] = sum;
}

template <int Depth>
void check_pipeline() {
  for (int tiles : {0, 1, 2, 3, 10})
    for_each_schedule(5, [&](const std::string& name) {
      const std::vector<float> from = counted(static_cast<std::size_t>(tiles) * 128);
      std::vector<float> to(32), expected(32);
      for (std::size_t i = 0; i < from.size(); ++i) expected[31 - i % 128 / 4] += from[i];
      launch(pipeline_kernel<Depth>, {.block = 32}, kStream, from.data(), tiles, to.data());
      EXPECT_EQ(to, expected) << tiles << " tiles, " << name;
    });
}

TEST(ExecutorAsyncCopies, LandInOrderOfTheirGroups) {
  check_pipeline<1>();
  check_pipeline<2>();
  check_pipeline<4>();
}

__global__ void sizes_kernel(const float* from, float* to) {
  WEFT_SHARED(float, tile, [12]);
  const unsigned t = threadIdx.x;
  if (t == 0) async_copy<4>(&tile[1], from + 1);
  if (t == 1) async_copy<8>(&tile[2], from + 2);
  if (t == 2) async_copy<16>(&tile[4], from + 4);
  if (t == 3) async_copy_zero_fill<16>(&tile[8], from + 8, 8);
  if (t == 4) async_copy_zero_fill<4>(&tile[0], nullptr, 0);
  async_copy_commit();
  async_copy_wait<0>();
  __syncthreads();  // tile is there
  for (unsigned i = t; i < 12; i += 5) to[i] = tile[i];
}

TEST(ExecutorAsyncCopies, MoveFourEightOrSixteenBytesAndFillWithZeros) {
  for_each_schedule(5, [](const std::string& name) {
    std::vector<float> from = counted(10), to(12), expected = counted(12);
    expected[10] = expected[11] = 0;
    launch(sizes_kernel, {.block = 5}, kStream, from.data(), to.data());
    EXPECT_EQ(to, expected) << name;
  });
}

template <int InFlight>
__global__ void read_after_wait_kernel(const float* from, int tile, float* to) {
  WEFT_SHARED(float, tiles, [2][4]);
  async_copy<16>(tiles[0], from);
  async_copy_commit();
  async_copy<16>(tiles[1], from + 4);
  async_copy_commit();
  async_copy_wait<InFlight>();
  *to = tiles[tile][3];
  async_copy_wait<0>();
}

template <int InFlight>
float read_after_wait(int tile) {
  const std::vector<float> from = counted(8);
  float to = -1;
  launch(read_after_wait_kernel<InFlight>, {}, kStream, from.data(), tile, &to);
  return to;
}

TEST(ExecutorAsyncCopies, AreGarbageUntilTheWaitThatCoversThem) {
  EXPECT_EQ(read_after_wait<0>(0), 3);
  EXPECT_EQ(read_after_wait<0>(1), 7);
  EXPECT_EQ(read_after_wait<1>(0), 3);
#if defined(__SANITIZE_ADDRESS__)
  EXPECT_DEATH(read_after_wait<1>(1), "use-after-poison");
  EXPECT_DEATH(read_after_wait<2>(0), "use-after-poison");
#elif defined(WEFT_RACE)
  const std::string race = "reads shared memory in a race with a copy that is under way";
  expect_device_error([] { read_after_wait<1>(1); }, {race});
  expect_device_error([] { read_after_wait<2>(0); }, {race});
#else
  EXPECT_TRUE(std::isnan(read_after_wait<1>(1)));
  EXPECT_TRUE(std::isnan(read_after_wait<2>(0)));
#endif
}

constexpr unsigned kLeave = __LINE__;
__global__ void leave_kernel(const float* from, bool commit) {
  WEFT_SHARED(float, tile, [32]);
  if (threadIdx.x == 5) async_copy<4>(&tile[0], from);  // kLeave + 3
  if (commit) async_copy_commit();
  if (!commit) async_copy_wait<0>();  // covers committed copies alone
}

TEST(ExecutorAsyncCopies, MustBeWaitedForBeforeAThreadLeaves) {
  const std::vector<float> from = counted(1);
  for (bool commit : {false, true})
    expect_device_error(
        [&] { launch(leave_kernel, {.block = 32}, kStream, from.data(), commit); },
        {"thread (5, 0, 0), executor_async_copy_test.cpp:" + std::to_string(kLeave + 3),
         "leaves the kernel without waiting for its cp.async"});
}

template <int Bytes>
__global__ void aligned_kernel(const char* from, unsigned from_offset, unsigned to_offset) {
  WEFT_SHARED(char, tile, [64]);
  async_copy<Bytes>(&tile[to_offset], from + from_offset);
  async_copy_commit();
  async_copy_wait<0>();
}

template <int Bytes>
void check_alignment() {
  alignas(16) const char from[64] = {};
  const auto run = [&](unsigned from_offset, unsigned to_offset) {
    launch(aligned_kernel<Bytes>, {}, kStream, from, from_offset, to_offset);
  };
  EXPECT_NO_THROW(run(Bytes, Bytes));
  const std::string copy = "cp.async of " + std::to_string(Bytes) + " bytes ";
  expect_device_error([&] { run(Bytes / 2, Bytes); }, {copy + "from a misaligned global address"});
  expect_device_error([&] { run(Bytes, Bytes / 2); }, {copy + "to a misaligned shared address"});
}

TEST(ExecutorAsyncCopies, MustBeAlignedToTheirSize) {
  check_alignment<4>();
  check_alignment<8>();
  check_alignment<16>();
}

__global__ void anywhere_kernel(float* to, const float* from) {
  WEFT_SHARED(float, tile, [4]);
  async_copy<4>(to == nullptr ? &tile[0] : to, from == nullptr ? &tile[1] : from);
}

TEST(ExecutorAsyncCopies, GoFromGlobalToSharedMemory) {
  std::vector<float> memory = counted(4);
  expect_device_error([&] { launch(anywhere_kernel, {}, kStream, memory.data(), memory.data()); },
                      {"cp.async to an address outside the block's shared memory"});
  expect_device_error([&] { launch(anywhere_kernel, {}, kStream, nullptr, nullptr); },
                      {"cp.async from shared memory"});
}

TEST(ExecutorAsyncCopies, NeedADeviceModelOfSm80) {
  const auto run = [] { read_after_wait<0>(0); };
  {
    const test::ExecutorConfig scope(
        [](executor::Config& config) { config.compute_capability = 75; });
    expect_device_error(
        run, {"executor_async_copy_test.cpp:", "cp.async needs sm_80, the device model is sm_75"});
  }
  {
    const test::ExecutorConfig scope(
        [](executor::Config& config) { config.compute_capability = 80; });
    EXPECT_NO_THROW(run());
  }
}

#if defined(__SANITIZE_ADDRESS__)
TEST(ExecutorAsyncCopies, MayNotReadPastAnAllocation) {
  const std::vector<float> from = counted(33);
  expect_device_error(
      [&] { launch(pipeline_kernel<1>, {.block = 32}, kStream, from.data(), 1, nullptr); },
      {"thread (8, 0, 0)", "cp.async reads outside an allocation"});
}
#endif

}  // namespace
}  // namespace weft
