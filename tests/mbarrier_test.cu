// mbarriers and bulk copies. Runs on the executor and, in the cuda build, on a GPU of sm_90.

#include "kernels/primitives/mbarrier.cuh"

#include <cstdint>
#include <vector>

#include "tests/support/gpu_test.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "weft/simt.h"

namespace weft {
namespace {

using kernels::bulk_copy;
using kernels::Mbarrier;
using kernels::mbarrier_arrive;
using kernels::mbarrier_arrive_expect_tx;
using kernels::mbarrier_fence_init;
using kernels::mbarrier_init;
using kernels::mbarrier_wait_parity;

constexpr StreamView kStream;
constexpr int kRandomOrders = 20;
constexpr unsigned kBlocks = 2;

class MbarrierTest : public test::GpuTest {
 protected:
  void SetUp() override {
    GpuTest::SetUp();
    if (!IsSkipped() && gpu_properties().compute_capability < 90)
      GTEST_SKIP() << "needs a GPU of sm_90";
  }
};

std::vector<float> counted(std::int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  return values;
}

// Each block on its own: y = 2 x of the same tile backwards, x and y [blocks][tiles][size]: warp 0 fetches tiles into a ring of Stages
// buffers, the other warps work on them.
template <int Stages>
__global__ void pipeline_kernel(const float* x, float* y, int tiles, int size) {
  WEFT_DYNAMIC_SHARED(float, ring);  // [Stages][size]
  WEFT_SHARED(Mbarrier, full, [Stages]);
  WEFT_SHARED(Mbarrier, empty, [Stages]);
  const int consumers = static_cast<int>(blockDim.x) - 32;
  const int consumer = static_cast<int>(threadIdx.x) - 32;
  x += static_cast<int>(blockIdx.x) * tiles * size;
  y += static_cast<int>(blockIdx.x) * tiles * size;
  if (threadIdx.x == 0) {
    for (int s = 0; s < Stages; ++s) {
      mbarrier_init(&full[s], 1);
      mbarrier_init(&empty[s], static_cast<unsigned>(consumers));
    }
    mbarrier_fence_init();
  }
  __syncthreads();  // the barriers are there
  if (consumer < 0) {
    if (threadIdx.x != 0) return;
    for (int tile = 0; tile < tiles; ++tile) {
      const int stage = tile % Stages;
      const auto bytes = static_cast<unsigned>(size) * 4;
      mbarrier_wait_parity(&empty[stage],
                           1 ^ (tile / Stages & 1));  // passes at once in the first round
      mbarrier_arrive_expect_tx(&full[stage], bytes);
      bulk_copy(ring + stage * size, x + tile * size, bytes, &full[stage]);
    }
    return;
  }
  for (int tile = 0; tile < tiles; ++tile) {
    const int stage = tile % Stages;
    mbarrier_wait_parity(&full[stage], tile / Stages & 1);
    for (int i = consumer; i < size; i += consumers)
      y[tile * size + i] = 2 * ring[stage * size + size - 1 - i];
    mbarrier_arrive(&empty[stage]);
  }
}

template <int Stages>
void check_pipeline() {
  for (int consumers : {1, 32, 33, 96})
    for (int size : {4, 32, 124, 260})
      for (int tiles : {0, 1, 2, 3, 4, 5, 11}) {
        const std::int64_t count = std::int64_t{kBlocks} * tiles * size;
        const test::Guarded<float> x(counted(count));
        std::vector<float> expected = counted(count);
        for (int i = 0; i < count; ++i)
          expected[static_cast<std::size_t>(i)] =
              static_cast<float>(2 * (i / size * size + size - 1 - i % size));
        test::for_each_schedule(kRandomOrders, [&](const std::string& name) {
          test::Guarded<float> y(count);
          launch(pipeline_kernel<Stages>,
                 {.grid = kBlocks,
                  .block = static_cast<unsigned>(32 + consumers),
                  .shared_bytes = static_cast<std::size_t>(Stages * size) * 4},
                 kStream, x.data(), y.data(), tiles, size);
          ASSERT_EQ(y.download(), expected)
              << consumers << " consumers, " << tiles << " tiles of " << size << ", " << name;
        });
      }
}

TEST_F(MbarrierTest, APipelineOfOneStageIsExact) { check_pipeline<1>(); }
TEST_F(MbarrierTest, APipelineOfTwoStagesIsExact) { check_pipeline<2>(); }
TEST_F(MbarrierTest, APipelineOfThreeStagesIsExact) { check_pipeline<3>(); }

// An mbarrier as the block's barrier: each round every thread takes its neighbour's number.
__global__ void meeting_kernel(int rounds, unsigned* numbers) {
  WEFT_DYNAMIC_SHARED(unsigned, cells);  // [2][threads]
  WEFT_SHARED(Mbarrier, met, [1]);
  const unsigned threads = blockDim.x, me = threadIdx.x;
  if (me == 0) mbarrier_init(&met[0], threads);
  __syncthreads();  // the barrier is there
  unsigned number = me;
  for (int round = 0; round < rounds; ++round) {
    unsigned* const turn = cells + (round % 2 == 0 ? 0 : threads);
    turn[me] = number;
    mbarrier_arrive(&met[0]);
    mbarrier_wait_parity(&met[0], static_cast<unsigned>(round & 1));
    number = turn[(me + 1) % threads] + 1;
  }
  numbers[me] = number;
}

TEST_F(MbarrierTest, PhasesFollowEachOther) {
  for (unsigned threads : {1u, 31u, 32u, 33u, 257u})
    test::for_each_schedule(kRandomOrders, [&](const std::string& name) {
      constexpr unsigned kRounds = 7;
      test::Guarded<unsigned> numbers(threads);
      launch(meeting_kernel, {.block = threads, .shared_bytes = 2 * threads * sizeof(unsigned)},
             kStream, static_cast<int>(kRounds), numbers.data());
      std::vector<unsigned> expected;
      for (unsigned t = 0; t < threads; ++t) expected.push_back((t + kRounds) % threads + kRounds);
      ASSERT_EQ(numbers.download(), expected) << threads << " threads, " << name;
    });
}

// Two threads copy half a row each, and what is expected is said once.
__global__ void halves_kernel(const float* x, float* y) {
  WEFT_SHARED(float, row, [256]);
  WEFT_SHARED(Mbarrier, full, [1]);
  if (threadIdx.x == 0) {
    mbarrier_init(&full[0], 2);
    mbarrier_fence_init();
  }
  __syncthreads();  // the barrier is there
  if (threadIdx.x == 0) {
    mbarrier_arrive_expect_tx(&full[0], 1024);
    bulk_copy(&row[128], x + 128, 512, &full[0]);
  } else if (threadIdx.x == 40) {
    bulk_copy(&row[0], x, 512, &full[0]);  // its bytes may land before they are expected
    mbarrier_arrive(&full[0]);
  }
  mbarrier_wait_parity(&full[0], 0);
  for (unsigned i = threadIdx.x; i < 256; i += blockDim.x) y[i] = row[255 - i];
}

TEST_F(MbarrierTest, CopiesOfSeveralThreadsCountForOnePhase) {
  const test::Guarded<float> x(counted(256));
  std::vector<float> expected;
  for (int i = 255; i >= 0; --i) expected.push_back(static_cast<float>(i));
  test::for_each_schedule(kRandomOrders, [&](const std::string& name) {
    test::Guarded<float> y(256);
    launch(halves_kernel, {.block = 64}, kStream, x.data(), y.data());
    ASSERT_EQ(y.download(), expected) << name;
  });
}

}  // namespace
}  // namespace weft
