#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "src/executor/executor.h"
#include "src/executor/race.h"
#include "tests/support/device_error.h"
#include "tests/support/executor_config.h"
#include "tests/support/schedules.h"
#include "weft/simt.h"

namespace weft {
namespace {

using test::expect_device_error;
using test::for_each_schedule;

constexpr StreamView kStream;

__global__ void fresh_kernel(int* nans, int* misaligned) {
  WEFT_SHARED(char, odd, [3]);
  WEFT_SHARED(float, tile, [4][8]);
  WEFT_DYNAMIC_SHARED(float, dynamic);
  if (threadIdx.x == 0) odd[0] = 1;
  const unsigned t = threadIdx.x;
  if (std::isnan(tile[t / 8][t % 8]) && std::isnan(dynamic[t])) atomicAdd(nans, 1);
  if (reinterpret_cast<std::uintptr_t>(&tile) % 16 != 0 ||
      reinterpret_cast<std::uintptr_t>(dynamic) % 128 != 0)
    atomicAdd(misaligned, 1);
  tile[t / 8][t % 8] = dynamic[t] = 1;  // for the next block to find, if it could
}

TEST(ExecutorSharedMemory, StartsAsNanInEveryBlockAndIsAligned) {
  for_each_schedule(2, [](const std::string& name) {
    int nans = 0, misaligned = 0;
    const auto run = [&] {
      launch(fresh_kernel, {.grid = 20, .block = 32, .shared_bytes = 128}, kStream, &nans,
             &misaligned);
    };
    if constexpr (executor::race::kEnabled)  // which lets nobody look
      return expect_device_error(run, {"reads shared memory that is uninitialised"});
    run();
    EXPECT_EQ(nans, 20 * 32) << name;
    EXPECT_EQ(misaligned, 0) << name;
  });
}

template <int Size>
__global__ void sum_kernel(const int* from, int* to) {
  WEFT_SHARED(int, values, [Size]);
  WEFT_SHARED(int, total, [1]);
  WEFT_DYNAMIC_SHARED(int, copies);
  const unsigned t = threadIdx.x;
  values[t] = copies[t] = from[blockIdx.x * Size + t];
  if (t == 0) total[0] = 0;
  __syncthreads();  // values and total are there
  atomicAdd(&total[0], values[Size - 1 - t] + copies[t]);
  __syncthreads();  // total is complete
  if (t == 0) to[blockIdx.x] = total[0];
}

template <int Size>
void check_sums(const std::string& name) {
  std::vector<int> from(50 * Size), to(50), expected(50);
  for (std::size_t i = 0; i < from.size(); ++i) {
    from[i] = static_cast<int>(i * 7 % 101);
    expected[i / Size] += 2 * from[i];
  }
  launch(sum_kernel<Size>, {.grid = 50, .block = Size, .shared_bytes = Size * sizeof(int)}, kStream,
         from.data(), to.data());
  EXPECT_EQ(to, expected) << name;
}

TEST(ExecutorSharedMemory, BelongsToItsBlockAndItsKernel) {
  for_each_schedule(5, [](const std::string& name) {
    check_sums<1>(name);
    check_sums<33>(name);
    check_sums<256>(name);
  });
}

__global__ void dynamic_kernel() {
  WEFT_DYNAMIC_SHARED(unsigned char, bytes);
  bytes[0] = 1;
}
template <int Bytes>
__global__ void static_kernel() {
  WEFT_SHARED(unsigned char, bytes, [Bytes]);
  bytes[0] = 1;
}

TEST(ExecutorSharedMemory, HasTheSizeOfTheDeviceModel) {
  const std::pair<int, std::size_t> sizes[] = {{75, 64}, {80, 163}, {86, 99}, {89, 99}, {90, 227}};
  for (const auto& [model, kib] : sizes) {
    const test::ExecutorConfig scope(
        [model = model](executor::Config& config) { config.compute_capability = model; });
    EXPECT_EQ(executor::device_model(model).shared_bytes_per_block, kib * 1024);
    EXPECT_NO_THROW(launch(dynamic_kernel, {.shared_bytes = kib * 1024}, kStream));
    expect_device_error(
        [kib = kib] { launch(dynamic_kernel, {.shared_bytes = kib * 1024 + 1}, kStream); },
        {"asks for " + std::to_string(kib * 1024 + 1) + " bytes of dynamic shared memory, sm_" +
         std::to_string(model) + " has " + std::to_string(kib * 1024)});
    EXPECT_NO_THROW(launch(static_kernel<1024>, {.shared_bytes = kib * 1024 - 1024}, kStream));
    expect_device_error(
        [kib = kib] { launch(static_kernel<1025>, {.shared_bytes = kib * 1024 - 1024}, kStream); },
        {"block (0, 0, 0)", "1025 bytes of static", "bytes of dynamic shared memory, sm_"});
  }
}

TEST(ExecutorSharedMemory, TakesStaticArraysUpTo48KiB) {
  EXPECT_NO_THROW(launch(static_kernel<48 * 1024>, {}, kStream));
  expect_device_error([] { launch(static_kernel<48 * 1024 + 1>, {}, kStream); },
                      {"declares 49153 bytes of WEFT_SHARED arrays, the limit is 49152"});
}

#if defined(__SANITIZE_ADDRESS__)
__global__ void past_the_end_kernel(unsigned index) {
  WEFT_SHARED(float, first, [8]);
  WEFT_SHARED(float, second, [8]);
  float* const pointer = first;  // so that -fsanitize=bounds cannot see it
  second[0] = 0;
  pointer[index] = 1;
}
__global__ void past_the_dynamic_end_kernel(unsigned index) {
  WEFT_DYNAMIC_SHARED(float, row);
  row[index] = 1;
}
__global__ void past_the_row_kernel(unsigned column) {
  WEFT_SHARED(float, tile, [4][8]);
  tile[0][column] = 1;
}

TEST(ExecutorSharedMemoryDeathTest, StopsAtTheEndOfAnArray) {
  const test::ExecutorConfig scope([](executor::Config& config) { config.os_threads = 1; });
  EXPECT_NO_THROW(launch(past_the_end_kernel, {}, kStream, 7u));
  EXPECT_DEATH(launch(past_the_end_kernel, {}, kStream, 8u), "AddressSanitizer: use-after-poison");
  EXPECT_NO_THROW(launch(past_the_dynamic_end_kernel, {.shared_bytes = 40}, kStream, 9u));
  EXPECT_DEATH(launch(past_the_dynamic_end_kernel, {.shared_bytes = 40}, kStream, 10u),
               "AddressSanitizer: use-after-poison");
  EXPECT_DEATH(launch(past_the_row_kernel, {}, kStream, 8u), "index 8 out of bounds");
}
#endif

}  // namespace
}  // namespace weft
