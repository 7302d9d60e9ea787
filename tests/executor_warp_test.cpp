#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "tests/support/device_error.h"
#include "tests/support/schedules.h"
#include "weft/simt.h"

namespace weft {
namespace {

using test::expect_device_error;
using test::for_each_schedule;

constexpr StreamView kStream;
constexpr unsigned kFull = ~0u;

enum class Kind { index, up, down, xor_ };
constexpr Kind kKinds[] = {Kind::index, Kind::up, Kind::down, Kind::xor_};

template <class T>
__global__ void shuffle_kernel(Kind kind, int selector, int width, T* out) {
  const T mine = static_cast<T>(threadIdx.x * 10 + 1);
  T other = mine;
  if (kind == Kind::index) other = __shfl_sync(kFull, mine, selector, width);
  if (kind == Kind::up) other = __shfl_up_sync(kFull, mine, static_cast<unsigned>(selector), width);
  if (kind == Kind::down)
    other = __shfl_down_sync(kFull, mine, static_cast<unsigned>(selector), width);
  if (kind == Kind::xor_) other = __shfl_xor_sync(kFull, mine, selector, width);
  out[threadIdx.x] = other;
}

// What CUDA's programming guide says of one lane: its own value where the source is out of its segment.
int source_of(Kind kind, int lane, int selector, int width) {
  const int first = lane / width * width;
  int source = lane;
  if (kind == Kind::index) source = first + selector % width;
  if (kind == Kind::up) source = lane - selector < first ? lane : lane - selector;
  if (kind == Kind::down) source = lane + selector >= first + width ? lane : lane + selector;
  if (kind == Kind::xor_) source = (lane ^ selector) >= first + width ? lane : lane ^ selector;
  return source;
}

template <class T>
void check_shuffles() {
  for (Kind kind : kKinds)
    for (int width : {1, 2, 4, 8, 16, 32})
      for (int selector : {0, 1, 2, 3, 7, 15, 16, 31}) {
        std::vector<T> out(64);
        launch(shuffle_kernel<T>, {.block = 64}, kStream, kind, selector, width, out.data());
        for (int t = 0; t < 64; ++t) {
          const int source = t / 32 * 32 + source_of(kind, t % 32, selector, width);
          EXPECT_EQ(out[static_cast<std::size_t>(t)], static_cast<T>(source * 10 + 1))
              << "kind " << static_cast<int>(kind) << ", selector " << selector << ", width "
              << width << ", thread " << t;
        }
      }
}

TEST(ExecutorWarps, ShuffleByIndexUpDownAndXorInEveryWidth) {
  for_each_schedule(3, [](const std::string& name) {
    SCOPED_TRACE(name);
    check_shuffles<int>();
  });
}

TEST(ExecutorWarps, ShuffleTypesOfUpToEightBytes) {
  check_shuffles<float>();
  check_shuffles<double>();
  check_shuffles<std::uint8_t>();
  check_shuffles<std::int64_t>();
}

// Inclusive sum over the lanes of a block that need not be full.
__global__ void scan_kernel(float* out) {
  float sum = 1;
  for (unsigned step = 1; step < 32; step *= 2) {
    const float below = __shfl_up_sync(kFull, sum, step);
    if (threadIdx.x % 32 >= step) sum += below;
  }
  out[threadIdx.x] = sum;
}

TEST(ExecutorWarps, MayBePartial) {
  for (unsigned threads : {1u, 7u, 31u, 33u, 45u})
    for_each_schedule(3, [&](const std::string& name) {
      std::vector<float> out(threads);
      launch(scan_kernel, {.block = threads}, kStream, out.data());
      for (unsigned t = 0; t < threads; ++t)
        EXPECT_EQ(out[t], static_cast<float>(t % 32 + 1)) << threads << " threads, " << name;
    });
}

__global__ void read_absent_lane_kernel(float* out) {
  out[threadIdx.x] = __shfl_down_sync(kFull, 1.0f, 1);
}

TEST(ExecutorWarps, GiveNanForALaneThatIsNotThere) {
  std::vector<float> out(20);
  launch(read_absent_lane_kernel, {.block = 20}, kStream, out.data());
  EXPECT_EQ(out[18], 1.0f);
  EXPECT_TRUE(std::isnan(out[19]));
}

// Even and odd lanes work on their own, in code that has diverged.
__global__ void split_kernel(int* out) {
  const int lane = static_cast<int>(threadIdx.x);
  int sum = lane;
  if (lane % 2 == 0)
    for (int offset = 16; offset > 1; offset /= 2) sum += __shfl_xor_sync(0x55555555u, sum, offset);
  else
    for (int offset = 2; offset < 32; offset *= 2) sum += __shfl_xor_sync(0xAAAAAAAAu, sum, offset);
  __syncwarp();
  out[lane] = sum;
}

TEST(ExecutorWarps, CanSplitIntoGroups) {
  for_each_schedule(10, [](const std::string& name) {
    std::vector<int> out(32);
    launch(split_kernel, {.block = 32}, kStream, out.data());
    for (std::size_t lane = 0; lane < 32; ++lane)
      EXPECT_EQ(out[lane], lane % 2 == 0 ? 240 : 256) << name;
  });
}

// Lane 1 first meets lane 2, then lane 0, which may wait for it already.
__global__ void chain_kernel(int* out) {
  const int lane = static_cast<int>(threadIdx.x);
  int value = lane + 1;
  if (lane == 1 || lane == 2) value = __shfl_xor_sync(0b110u, value, 3);
  if (lane == 0 || lane == 1) value = __shfl_xor_sync(0b011u, value, 1);
  out[lane] = value;
}

TEST(ExecutorWarps, CanMeetInMasksThatOverlap) {
  for_each_schedule(10, [](const std::string& name) {
    std::vector<int> out(3);
    launch(chain_kernel, {.block = 3}, kStream, out.data());
    EXPECT_EQ(out, (std::vector<int>{3, 1, 2})) << name;
  });
}

__global__ void vote_kernel(unsigned* ballots, int* anys, int* alls) {
  const unsigned t = threadIdx.x;
  ballots[t] = __ballot_sync(kFull, t % 3 == 0);
  anys[t] = __any_sync(kFull, t == 40) + 2 * __any_sync(kFull, 0);
  alls[t] = __all_sync(kFull, t != 40) + 2 * __all_sync(kFull, 1);
}

TEST(ExecutorWarps, Vote) {
  for_each_schedule(5, [](const std::string& name) {
    std::vector<unsigned> ballots(64);
    std::vector<int> anys(64), alls(64);
    launch(vote_kernel, {.block = 64}, kStream, ballots.data(), anys.data(), alls.data());
    for (std::size_t t = 0; t < 64; ++t) {
      EXPECT_EQ(ballots[t], t < 32 ? 0x49249249u : 0x92492492u) << name;
      EXPECT_EQ(anys[t], t < 32 ? 0 : 1) << name;
      EXPECT_EQ(alls[t], t < 32 ? 3 : 2) << name;
    }
  });
}

// Lanes above `threads` have left when the others meet.
__global__ void leave_then_vote_kernel(unsigned threads, unsigned* out) {
  if (threadIdx.x >= threads) return;
  *out = __ballot_sync(kFull, 1);
}

TEST(ExecutorWarps, DoNotWaitForLanesThatHaveLeft) {
  for_each_schedule(10, [](const std::string& name) {
    unsigned ballot = 0;
    launch(leave_then_vote_kernel, {.block = 32}, kStream, 9u, &ballot);
    EXPECT_EQ(ballot, 0x1FFu) << name;
  });
}

constexpr unsigned kOutside = __LINE__;
__global__ void outside_mask_kernel(int* out) {
  out[threadIdx.x] = __shfl_sync(0xFFu, 1, 0);  // kOutside + 2
}

TEST(ExecutorWarps, RefuseALaneOutsideItsOwnMask) {
  std::vector<int> out(32);
  expect_device_error([&] { launch(outside_mask_kernel, {.block = 32}, kStream, out.data()); },
                      {"thread (8, 0, 0), executor_warp_test.cpp:" + std::to_string(kOutside + 2),
                       "calls __shfl_sync but is not in its own mask"});
}

TEST(ExecutorWarps, RefuseAWidthThatIsNoPowerOfTwo) {
  std::vector<int> out(32);
  for (int width : {0, 3, 33, 64, -1})
    expect_device_error(
        [&] {
          launch(shuffle_kernel<int>, {.block = 32}, kStream, Kind::index, 0, width, out.data());
        },
        {"calls __shfl_sync with a width that is no power of two up to 32"});
}

constexpr unsigned kDiverged = __LINE__;
__global__ void diverged_kernel(unsigned* out) {
  if (threadIdx.x < 7)
    *out = __ballot_sync(kFull, 1);  // kDiverged + 3
  else
    *out = __shfl_sync(kFull, 1u, 0);  // kDiverged + 5
}

TEST(ExecutorWarps, RefuseDifferentOperationsOfTheSameLanes) {
  unsigned out = 0;
  expect_device_error([&] { launch(diverged_kernel, {.block = 32}, kStream, &out); },
                      {"thread (7, 0, 0), executor_warp_test.cpp:" + std::to_string(kDiverged + 5),
                       "calls __shfl_sync while other lanes of its mask wait in a vote "
                       "executor_warp_test.cpp:" +
                           std::to_string(kDiverged + 3)});
  for_each_schedule(10, [&](const std::string& name) {
    EXPECT_THROW(launch(diverged_kernel, {.block = 32}, kStream, &out), DeviceError) << name;
  });
}

}  // namespace
}  // namespace weft
