// Bugs between the blocks of a grid: barriers of the whole grid, and the last block's sum.

#include "kernels/primitives/sync.cuh"
#include "tests/planted_bugs/planted_bug.h"
#include "weft/simt.h"

namespace weft::test {
namespace {

using kernels::add_acq_rel;
using kernels::add_relaxed;
using kernels::add_release;
using kernels::wait_at_least;

constexpr unsigned kBlocks = 5, kThreads = 64, kAll = kBlocks * kThreads;
constexpr unsigned kRounds = 6;

enum class Bug { none, no_barrier_before, relaxed, no_barrier_behind, early_return };

template <Bug kBug>
__device__ void meet_all_blocks(unsigned* counter, unsigned round) {
  if (kBug != Bug::no_barrier_before) __syncthreads();
  if (threadIdx.x == 0) {
    if (kBug == Bug::relaxed)
      add_relaxed(counter, 1);
    else
      add_release(counter, 1);
    wait_at_least(counter, kBlocks * (round + 1));  // BUG: a block returns before a grid barrier
  }
  if (kBug != Bug::no_barrier_behind) __syncthreads();
}

/// Each round a thread takes over a number of the next block, and adds one. cells [2][kAll].
template <Bug kBug>
__global__ void carry_kernel(float* cells, unsigned* counter, float* y) {
  const unsigned me = blockIdx.x * kThreads + threadIdx.x;
  if (kBug == Bug::early_return && blockIdx.x == 2) return;
  float number = static_cast<float>(me);
  for (unsigned round = 0; round < kRounds; ++round) {
    float* const turn = cells + (round % 2) * kAll;
    turn[me] = number;  // BUG: no __syncthreads before the release; a relaxed add at a grid barrier
    meet_all_blocks<kBug>(counter, round);
    number = turn[(me + kThreads + 1) % kAll] + 1;  // BUG: no __syncthreads behind the acquire
  }
  y[me] = number;
}

template <Bug kBug>
bool run_carry(bool planted) {
  const Tensor cells = blank(2 * kAll), y = blank(kAll);
  const Tensor counter = zeros({1}, DType::int32, Device::gpu);
  launch(planted ? carry_kernel<kBug> : carry_kernel<Bug::none>,
         {.grid = kBlocks, .block = kThreads, .cooperative = true}, kNoStream, cells.data<float>(),
         reinterpret_cast<unsigned*>(counter.data<std::int32_t>()), y.data<float>());
  Floats expected;
  for (unsigned i = 0; i < kAll; ++i)
    expected.push_back(static_cast<float>((i + kRounds * (kThreads + 1)) % kAll + kRounds));
  return holds(y, expected);
}

/// The last block to come adds up what all of them have left.
template <bool kBug>
__global__ void last_block_kernel(float* partials, unsigned* counter, float* sum) {
  WEFT_SHARED(unsigned, ticket, [1]);
  if (threadIdx.x == 0) {
    partials[blockIdx.x] = static_cast<float>(blockIdx.x + 1);
    ticket[0] = kBug ? atomicAdd(counter, 1u) : add_acq_rel(counter, 1);
  }
  __syncthreads();
  if (ticket[0] != kBlocks - 1 || threadIdx.x != 1) return;
  float all = 0;
  for (unsigned b = 0; b < kBlocks; ++b) all += partials[b];  // BUG: a ticket without a release
  sum[0] = all;
}

bool run_last_block(bool planted) {
  const Tensor partials = blank(kBlocks), sum = blank(1);
  const Tensor counter = zeros({1}, DType::int32, Device::gpu);
  launch(planted ? last_block_kernel<true> : last_block_kernel<false>,
         {.grid = kBlocks, .block = kThreads}, kNoStream, partials.data<float>(),
         reinterpret_cast<unsigned*>(counter.data<std::int32_t>()), sum.data<float>());
  return holds(sum, {15});
}

}  // namespace

std::vector<PlantedBug> between_blocks_bugs() {
  constexpr const char* kFile = "between_blocks.cpp";
  constexpr Verdict kDeadlock = reports("deadlock, nothing can run");
  return {
      {"no __syncthreads before the release", kFile, kWrong, kWrong, reports("race"),
       run_carry<Bug::no_barrier_before>},
      {"a relaxed add at a grid barrier", kFile, kSilent, kSilent, reports("race"),
       run_carry<Bug::relaxed>},
      {"no __syncthreads behind the acquire", kFile, kWrong, kWrong, reports("race"),
       run_carry<Bug::no_barrier_behind>},
      {"a block returns before a grid barrier", kFile, kDeadlock, kDeadlock, kDeadlock,
       run_carry<Bug::early_return>},
      {"a ticket without a release", kFile, kSilent, kSilent, reports("race"), run_last_block},
  };
}

}  // namespace weft::test
