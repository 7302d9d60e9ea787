#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <vector>

#include "kernels/primitives/mbarrier.cuh"
#include "tests/support/device_error.h"
#include "tests/support/executor_config.h"
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
using test::expect_device_error;

constexpr StreamView kStream;

struct Scene {  // what each thread of kernel may use
  Mbarrier* barrier;
  float* tile;  // [64]
  const float* source;
};
using Act = std::function<void(const Scene&)>;

// Thread 0 makes a barrier for `count` arrivals, then every thread acts.
__global__ void kernel(unsigned count, const float* source, const Act* act) {
  WEFT_SHARED(Mbarrier, barrier, [2]);
  WEFT_SHARED(float, tile, [64]);
  if (threadIdx.x == 0 && count > 0) {
    mbarrier_init(&barrier[0], count);
    mbarrier_fence_init();
  }
  __syncthreads();  // the barrier is there
  (*act)({barrier, tile, source});
}

void run(unsigned count, const Act& act, unsigned threads = 1) {
  alignas(16) static float source[64 + 1];
  for (int i = 0; i < 64; ++i) source[i] = static_cast<float>(i);
  launch(kernel, {.block = threads}, kStream, count, source, &act);
}

/// Expects the error under every schedule, and that the next launch is none the worse.
void expect_error(unsigned count, const Act& act, std::initializer_list<std::string> parts,
                  unsigned threads = 1) {
  test::for_each_schedule(5, [&](const std::string& name) {
    expect_device_error([&] { run(count, act, threads); }, parts);
    EXPECT_NO_THROW(run(1, [](const Scene& s) {
      mbarrier_arrive_expect_tx(s.barrier, 256);
      bulk_copy(s.tile, s.source, 256, s.barrier);
      mbarrier_wait_parity(s.barrier, 0);
      if (s.tile[63] != 63) throw Error("not landed");
    })) << name;
  });
}

TEST(ExecutorMbarriers, MustBeInitialisedOnceAndLeftAlone) {
  const std::string not_there = "uses an mbarrier that is not initialised";
  const std::string place = "thread (0, 0, 0), executor_mbarrier_test.cpp:";
  expect_error(0, [](const Scene& s) { mbarrier_arrive(s.barrier); }, {place, not_there});
  expect_error(0, [](const Scene& s) { mbarrier_wait_parity(s.barrier, 0); }, {place, not_there});
  expect_error(0, [](const Scene& s) { bulk_copy(s.tile, s.source, 16, s.barrier); },
               {place, not_there});
  expect_error(1, [](const Scene& s) { mbarrier_init(s.barrier, 1); }, {"an mbarrier again"});
  expect_error(1,
               [](const Scene& s) {
                 reinterpret_cast<float*>(s.barrier)[1] = 3.0f;
                 mbarrier_arrive(s.barrier);
               },
               {place, "uses an mbarrier that was written over"});
  expect_error(1,
               [](const Scene& s) {
                 mbarrier_arrive_expect_tx(s.barrier, 16);
                 bulk_copy(s.tile, s.source, 16, s.barrier);
                 *s.barrier = 0;
                 __syncthreads();
                 mbarrier_wait_parity(s.barrier, 1);
               },
               {"uses an mbarrier that was written over"});
}

TEST(ExecutorMbarriers, MustBeWellFormed) {
  expect_error(0, [](const Scene& s) { mbarrier_init(s.barrier, 0); },
               {"an mbarrier for 0 arrivals, expected 1 to 1048575"});
  expect_error(0, [](const Scene& s) { mbarrier_init(s.barrier, 1u << 20); },
               {"an mbarrier for 1048576 arrivals"});
  expect_error(0,
               [](const Scene& s) {
                 mbarrier_init(reinterpret_cast<Mbarrier*>(reinterpret_cast<char*>(s.barrier) + 4),
                               1);
               },
               {"a misaligned mbarrier"});
  Mbarrier outside = 0;
  expect_error(0, [&](const Scene&) { mbarrier_init(&outside, 1); },
               {"outside the block's shared memory"});
  expect_error(1, [](const Scene& s) { mbarrier_wait_parity(s.barrier, 2); },
               {"waits for parity 2, expected 0 or 1"});
  expect_error(2, [](const Scene& s) { mbarrier_arrive_expect_tx(s.barrier, 1u << 20); },
               {"counts 1048576 bytes at an mbarrier, the limit is 1048575"});
}

TEST(ExecutorMbarriers, RefuseAnArrivalTooMany) {
  expect_error(2,
               [](const Scene& s) {
                 mbarrier_arrive_expect_tx(s.barrier, 16);
                 mbarrier_arrive(s.barrier);
                 mbarrier_arrive(s.barrier);
               },
               {"arrives at an mbarrier where all 2 arrivals of the phase have come"});
}

TEST(ExecutorMbarriers, SayInADeadlockWhatIsMissing) {
  expect_error(
      3,
      [](const Scene& s) {
        if (threadIdx.x == 0) mbarrier_arrive_expect_tx(s.barrier, 64);
        if (threadIdx.x == 0) bulk_copy(s.tile, s.source, 48, s.barrier);
        mbarrier_wait_parity(s.barrier, 0);
      },
      {"block (0, 0, 0): deadlock, nothing can run: 40 from thread (0, 0, 0) wait in "
       "mbarrier_wait_parity executor_mbarrier_test.cpp:",
       "(2 of 3 arrivals and 16 bytes are missing in its phase of parity 0)"},
      40);
  expect_error(
      1,
      [](const Scene& s) {
        mbarrier_arrive_expect_tx(s.barrier, 16);
        bulk_copy(s.tile, s.source, 64, s.barrier);
        mbarrier_wait_parity(s.barrier, 0);
      },
      {"(0 of 1 arrivals, 48 bytes have landed that none expected, in its phase of parity 0)"});
  expect_error(1,
               [](const Scene& s) {
                 mbarrier_arrive(s.barrier);
                 mbarrier_wait_parity(s.barrier, 1);
               },
               {"(1 of 1 arrivals and 0 bytes are missing in its phase of parity 1)"});
}

TEST(ExecutorBulkCopies, GoFromGlobalToSharedMemoryInUnitsOf16Bytes) {
  const auto copy = [](auto arguments) -> Act {
    return [=](const Scene& s) {
      const auto [shared, global, bytes] = arguments(s);
      bulk_copy(shared, global, bytes, s.barrier);
    };
  };
  using Arguments = std::tuple<void*, const void*, unsigned>;
  expect_error(1, copy([](const Scene& s) {
                 return Arguments{s.tile, s.source, 8u};
               }),
               {"bulk copy of 8 bytes, expected a multiple of 16"});
  expect_error(1, copy([](const Scene& s) {
                 return Arguments{s.tile, s.source, 0u};
               }),
               {"bulk copy of 0 bytes"});
  expect_error(1, copy([](const Scene& s) {
                 return Arguments{s.tile + 1, s.source, 16u};
               }),
               {"to a shared address that is no multiple of 16"});
  expect_error(1, copy([](const Scene& s) {
                 return Arguments{s.tile, s.source + 1, 16u};
               }),
               {"from a global address that is no multiple of 16"});
  alignas(16) float outside[4] = {};
  expect_error(1, copy([&outside](const Scene& s) {
                 return Arguments{outside, s.source, 16u};
               }),
               {"bulk copy to an address outside the block's shared memory"});
  expect_error(1, copy([](const Scene& s) {
                 return Arguments{s.tile, s.tile + 4, 16u};
               }),
               {"bulk copy from shared memory"});
#if defined(__SANITIZE_ADDRESS__)
  expect_error(1, copy([](const Scene& s) {
                 return Arguments{s.tile, s.source + 56, 64u};
               }),
               {"bulk copy reads outside an allocation"});
  expect_error(1, copy([](const Scene& s) {
                 return Arguments{s.tile + 56, s.source, 64u};
               }),
               {"bulk copy to "});
#endif
}

TEST(ExecutorBulkCopies, NeedAFencedBarrierAndATargetOfTheirOwn) {
  expect_error(1,
               [](const Scene& s) {
                 mbarrier_init(s.barrier + 1, 1);
                 bulk_copy(s.tile, s.source, 16, s.barrier + 1);
               },
               {"without mbarrier_fence_init behind its initialisation"});
  expect_error(1,
               [](const Scene& s) {
                 bulk_copy(s.tile, s.source, 64, s.barrier);
                 bulk_copy(s.tile + 12, s.source, 64, s.barrier);
               },
               {"bulk copy to where the one of executor_mbarrier_test.cpp:", "is still under way"});
}

TEST(ExecutorBulkCopies, MustLandBeforeTheBlockEnds) {
  expect_error(
      2,
      [](const Scene& s) {
        if (threadIdx.x == 5) bulk_copy(s.tile, s.source, 64, s.barrier);
      },
      {"thread (5, 0, 0), executor_mbarrier_test.cpp:",
       "the block ends while its bulk copy is under way"},
      32);
}

TEST(ExecutorBulkCopies, NeedADeviceModelOfSm90) {
  const test::ExecutorConfig scope(
      [](executor::Config& config) { config.compute_capability = 89; });
  expect_device_error([] { run(1, [](const Scene&) {}); },
                      {"executor_mbarrier_test.cpp:", "mbarrier.init needs sm_90"});
}

// Two copies with a barrier each; waits for one and looks at the other's target.
__global__ void look_kernel(const float* source, float* seen) {
  WEFT_SHARED(Mbarrier, full, [2]);
  WEFT_SHARED(float, tiles, [2][4]);
  for (int i = 0; i < 2; ++i) mbarrier_init(&full[i], 1);
  mbarrier_fence_init();
  for (int i = 0; i < 2; ++i) {
    mbarrier_arrive_expect_tx(&full[i], 16);
    bulk_copy(tiles[i], source + 4 * i, 16, &full[i]);
  }
  mbarrier_wait_parity(&full[0], 0);
  seen[0] = tiles[0][3];
  seen[1] = tiles[1][3];
  mbarrier_wait_parity(&full[1], 0);
  seen[2] = tiles[1][3];
}

TEST(ExecutorBulkCopies, LandAsLateAsTheyMay) {
  alignas(16) const float source[8] = {0, 1, 2, 3, 4, 5, 6, 7};
  float seen[3];
  const auto look = [&] { launch(look_kernel, {}, kStream, source, seen); };
#if defined(__SANITIZE_ADDRESS__)
  EXPECT_DEATH(look(), "use-after-poison");
#elif defined(WEFT_RACE)
  expect_device_error(look, {"reads shared memory in a race with a copy that is under way"});
#else
  look();
  EXPECT_EQ(seen[0], 3);
  EXPECT_TRUE(std::isnan(seen[1]));  // the oldest landed alone
  int early = 0, late = 0;
  test::for_each_schedule(20, [&](const std::string& name) {
    look();
    EXPECT_EQ(seen[0], 3) << name;
    EXPECT_EQ(seen[2], 7) << name;
    (std::isnan(seen[1]) ? late : early) += 1;
  });
  EXPECT_GT(early, 2);
  EXPECT_GT(late, 2);
#endif
}

}  // namespace
}  // namespace weft
