#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/primitives/mma.cuh"
#include "tests/support/device_error.h"
#include "tests/support/executor_config.h"
#include "tests/support/schedules.h"
#include "weft/simt.h"

namespace weft {
namespace {

using test::expect_device_error;
using test::for_each_schedule;

constexpr StreamView kStream;

enum class Misuse { none, misaligned, outside, absent, other };

constexpr unsigned kLine = __LINE__;
__global__ void load_kernel(Misuse misuse, const void* global, std::uint32_t* out) {
  WEFT_SHARED(std::uint16_t, tile, [32][8]);
  const unsigned lane = threadIdx.x;
  for (unsigned i = 0; i < 8; ++i) tile[lane][i] = static_cast<std::uint16_t>(8 * lane + i);
  if (misuse == Misuse::absent && lane == 5) return;
  __syncwarp();
  const void* row = tile[lane];
  if (misuse == Misuse::misaligned && lane == 9) row = &tile[lane][1];
  if (misuse == Misuse::outside && lane == 31) row = global;
  std::uint32_t registers[4] = {}, part[2] = {};
  float sum[4] = {};
  if (misuse == Misuse::other && lane >= 16)
    kernels::mma_bf16(sum, registers, part);  // kLine + 13
  else
    kernels::ldmatrix<4>(registers, row);  // kLine + 15
  out[lane] = registers[3];
}

std::string at(unsigned line) { return "executor_matrix_test.cpp:" + std::to_string(kLine + line); }

void run(Misuse misuse, unsigned threads = 32) {
  std::vector<std::uint32_t> out(32);
  alignas(16) unsigned char global[16] = {};
  launch(load_kernel, {.block = threads}, kStream, misuse, static_cast<const void*>(global),
         out.data());
}

TEST(ExecutorMatrix, RunsWhereNothingIsWrong) {
  for_each_schedule(10,
                    [](const std::string& name) { EXPECT_NO_THROW(run(Misuse::none)) << name; });
}

TEST(ExecutorMatrix, RefusesAMisalignedRowOfTheLaneThatGaveIt) {
  for_each_schedule(10, [](const std::string&) {
    expect_device_error([] { run(Misuse::misaligned); },
                        {"thread (9, 0, 0), " + at(15),
                         "ldmatrix with the address of a row that is no multiple of 16 bytes"});
  });
}

TEST(ExecutorMatrix, RefusesARowOutsideSharedMemory) {
  for_each_schedule(10, [](const std::string&) {
    expect_device_error([] { run(Misuse::outside); },
                        {"thread (31, 0, 0), " + at(15),
                         "ldmatrix with the address of a row outside the block's shared memory"});
  });
}

TEST(ExecutorMatrix, NeedsAll32Lanes) {
  for_each_schedule(10, [](const std::string&) {
    expect_device_error([] { run(Misuse::absent); },
                        {at(15), "ldmatrix needs all 32 lanes of the warp, lane 5 is not there"});
    expect_device_error([] { run(Misuse::none, 20); },
                        {at(15), "ldmatrix needs all 32 lanes of the warp, lane 20 is not there"});
  });
}

TEST(ExecutorMatrix, RefusesDifferentInstructionsOfOneWarp) {
  for_each_schedule(10, [](const std::string&) {  // either half of the warp may come first
    expect_device_error([] { run(Misuse::other); },
                        {at(13), at(15), "while other lanes of its mask wait in "});
  });
}

}  // namespace
}  // namespace weft
