// kernels/primitives that no kernel tests in every form. The kernels here are compiled by g++ only.

#include <gtest/gtest.h>

#include <numeric>

#include "kernels/primitives/reduce.cuh"
#include "kernels/primitives/row_softmax.cuh"
#include "tests/support/compare.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "tests/support/shapes.h"
#include "weft/stream.h"

namespace weft {
namespace {

using test::Guarded;
using test::Rng;

// Reductions one right after the other: a warp that is ahead must not write what others still read.
__global__ void block_sums_kernel(const float* x,  // [kRounds, threads]
                                  float* y,        // [kRounds, threads]
                                  int rounds) {
  for (int round = 0; round < rounds; ++round) {
    const unsigned i = static_cast<unsigned>(round) * blockDim.x + threadIdx.x;
    y[i] = kernels::block_sum(x[i]);
  }
}

TEST(Primitives, BlockSumsMayFollowEachOther) {
  constexpr int kRounds = 5;
  Rng rng(1);
  for (const unsigned threads : {32u, 64u, 96u, 512u, 1024u}) {
    const auto x = rng.small_integers(std::int64_t{kRounds} * threads);
    std::vector<float> expected;
    for (auto row = x.begin(); row != x.end(); row += threads)
      expected.insert(expected.end(), threads, std::accumulate(row, row + threads, 0.0f));
    const Guarded<float> from(x);
    test::for_each_schedule(20, [&](const std::string& name) {
      const Guarded<float> to(kRounds * threads);
      launch(block_sums_kernel, {.block = threads}, current_stream(), from.data(), to.data(),
             kRounds);
      test::expect_equal(to.download(), expected, name, test::Content::any);
    });
  }
}

template <int kLanes>
__global__ void group_sum_kernel(const float* x, float* y) {  // [32]
  y[threadIdx.x] = kernels::group_reduce<kLanes>(x[threadIdx.x], kernels::Add{});
}

TEST(Primitives, GroupsOfLanesSumTheirOwn) {
  Rng rng(2);
  const auto x = rng.small_integers(32);
  const Guarded<float> from(x);
  const auto check = [&]<int kLanes>() {
    const Guarded<float> to(32);
    launch(group_sum_kernel<kLanes>, {.block = 32}, current_stream(), from.data(), to.data());
    std::vector<float> expected;
    for (auto group = x.begin(); group != x.end(); group += kLanes)
      expected.insert(expected.end(), kLanes, std::accumulate(group, group + kLanes, 0.0f));
    test::expect_equal(to.download(), expected, std::to_string(kLanes) + " lanes");
  };
  check.operator()<1>();
  check.operator()<2>();
  check.operator()<4>();
  check.operator()<8>();
  check.operator()<16>();
  check.operator()<32>();
}

__global__ void warp_max_kernel(const float* x, float* y) {  // [32]
  y[threadIdx.x] = kernels::warp_max(x[threadIdx.x]);
}

TEST(Primitives, WarpMaxSkipsNaN) {
  std::vector<float> x(32, std::numeric_limits<float>::quiet_NaN());
  x[7] = -3;
  x[20] = -5;
  const Guarded<float> from(x), to(32);
  launch(warp_max_kernel, {.block = 32}, current_stream(), from.data(), to.data());
  test::expect_equal(to.download(), std::vector<float>(32, -3.0f));
}

struct ThreeWords {
  float a;
  int b;
  unsigned c;
};
__global__ void shuffle_kernel(int lane_mask, float* y) {  // [32]
  const auto lane = static_cast<int>(threadIdx.x);
  const ThreeWords other = kernels::shuffle_xor(
      ThreeWords{static_cast<float>(lane), 100 * lane, 10000u * threadIdx.x}, lane_mask);
  y[lane] = other.a + static_cast<float>(other.b) + static_cast<float>(other.c);
}

TEST(Primitives, ShuffleMovesEveryWordOfAStruct) {
  for (const int mask : {1, 2, 5, 16, 31}) {
    const Guarded<float> to(32);
    launch(shuffle_kernel, {.block = 32}, current_stream(), mask, to.data());
    std::vector<float> expected;
    for (int lane = 0; lane < 32; ++lane)
      expected.push_back(static_cast<float>(10101 * (lane ^ mask)));
    test::expect_equal(to.download(), expected, "mask " + std::to_string(mask));
  }
}

__global__ void copy_quads_kernel(const float* x, float* y, std::int64_t cols, bool aligned) {
  const auto column = 4 * static_cast<std::int64_t>(threadIdx.x);
  kernels::store_quad(y, column, cols, aligned, kernels::load_quad(x, column, cols, aligned, -1));
}

TEST(Primitives, QuadsStopAtTheEndOfARow) {
  Rng rng(3);
  for (std::int64_t cols = 0; cols <= 70; ++cols)
    for (const std::int64_t misalign : {0, 1, 3}) {
      const Guarded<float> from(rng.normal(cols), Device::gpu, misalign);
      const Guarded<float> to(cols, Device::gpu, misalign);
      const bool aligned = cols % 4 == 0 && kernels::are_aligned16(from.data(), to.data());
      EXPECT_EQ(aligned, cols % 4 == 0 && misalign == 0);
      launch(copy_quads_kernel, {.block = 32}, current_stream(), from.data(), to.data(), cols,
             aligned);
      test::expect_equal(to.download(), from.download(), std::to_string(cols) + " columns");
    }
}

// What load_row puts where, and that value_at is the inverse of column.
template <class Shape>
__global__ void row_places_kernel(int* mistakes) {
  const kernels::RowPlace<Shape> place(1, Shape::kColumns);
  for (std::int64_t column = -3; column < Shape::kColumns + 3; ++column) {
    int expected = -1;
    for (int i = 0; i < Shape::kValues; ++i)
      if (place.column(i) == column) expected = i;
    if (place.value_at(column) != expected) atomicAdd(mistakes, 1);
  }
}

TEST(Primitives, EveryColumnHasOneThread) {
  const auto check = [&]<class Shape>(Shape) {
    Guarded<int> mistakes(std::vector<int>{0});
    launch(row_places_kernel<Shape>, {.block = Shape::kThreads}, current_stream(), mistakes.data());
    EXPECT_EQ(mistakes.download()[0], 0) << Shape::kThreads << "x" << Shape::kQuads;
  };
  check(kernels::RowShape<4, 1>{});
  check(kernels::RowShape<8, 3>{});
  check(kernels::RowShape<32, 4>{});
  check(kernels::RowShape<64, 2>{});
}

}  // namespace
}  // namespace weft
