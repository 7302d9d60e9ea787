// Which scheme a row gets, on GPUs of every size of shared memory.

#include "kernels/primitives/row_plan.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "kernels/loss/loss.h"
#include "kernels/softmax/softmax.h"
#include "kernels/softmax/softmax_backward.h"

namespace weft::kernels {
namespace {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kSm75 = 64 * kKiB, kSm80 = 163 * kKiB, kSm86 = 99 * kKiB, kSm90 = 227 * kKiB;

void expect_limits(RowLimits limits, std::size_t shared_bytes, std::int64_t longest_shared) {
  const auto scheme = [&](std::int64_t cols) {
    return plan_rows(limits, cols, shared_bytes).scheme;
  };
  EXPECT_EQ(scheme(0), RowScheme::registers);
  EXPECT_EQ(scheme(limits.in_registers), RowScheme::registers);
  if (longest_shared > limits.in_registers) {
    EXPECT_EQ(scheme(limits.in_registers + 1), RowScheme::shared);
    EXPECT_EQ(scheme(longest_shared), RowScheme::shared);
    EXPECT_EQ(scheme(longest_shared + 1), RowScheme::parts);
  } else {
    EXPECT_EQ(scheme(limits.in_registers + 1), RowScheme::parts);
  }
}

TEST(RowPlan, KeepsARowOnTheChipWhereItFits) {
  for (const RowLimits limits : {kSoftmaxRows, kLogSoftmaxRows, kCrossEntropyRows,
                                 kLogSoftmaxBackwardRows, kSoftmaxBackwardRows}) {
    const std::int64_t arrays = limits.arrays_in_shared;
    expect_limits(limits, kSm75, 0);
    expect_limits(limits, kSm86, arrays == 1 ? 25088 : 0);  // beyond the registers for some
    expect_limits(limits, kSm80, arrays == 1 ? 41472 : 20736);
    expect_limits(limits, kSm90, arrays == 1 ? 57856 : 28928);
  }
  EXPECT_EQ(kSoftmaxRows.in_registers, 32768);
  EXPECT_EQ(kCrossEntropyRows.in_registers, 32768);
  EXPECT_EQ(kLogSoftmaxRows.in_registers, 16384);
}

TEST(RowPlan, SharedMemoryHoldsWholeQuads) {
  EXPECT_EQ(row_shared_bytes(1, 1), 16u);
  EXPECT_EQ(row_shared_bytes(1, 4), 16u);
  EXPECT_EQ(row_shared_bytes(2, 5), 64u);
}

TEST(RowPlan, CutsARowIntoWholeTilesAndNoMorePartsThanABlockMerges) {
  for (const std::int64_t cols :
       {std::int64_t{57857}, std::int64_t{1000000}, kPartTile * kMostParts,
        kPartTile * kMostParts + 1, std::int64_t{1} << 31, (std::int64_t{1} << 40) + 1}) {
    const RowPlan plan = plan_rows(kSoftmaxRows, cols, kSm90);
    EXPECT_EQ(plan.scheme, RowScheme::parts) << cols;
    EXPECT_EQ(plan.part_cols % kPartTile, 0) << cols;
    EXPECT_GT(row_parts(plan, cols), 1) << cols;
    EXPECT_LE(row_parts(plan, cols), kMostParts) << cols;
    EXPECT_LT((row_parts(plan, cols) - 1) * plan.part_cols, cols) << cols;  // none is empty
    EXPECT_EQ(row_workspace(plan, 3, cols), 6 * row_parts(plan, cols)) << cols;
  }
  const RowPlan million = plan_rows(kSoftmaxRows, 1000000, kSm90);
  EXPECT_EQ(million.part_cols, kPartTile);
  EXPECT_EQ(row_parts(million, 1000000), 245);  // more than multiprocessors
  EXPECT_EQ(row_workspace(plan_rows(kSoftmaxRows, 40000, kSm90), 100, 40000), 0);
}

}  // namespace
}  // namespace weft::kernels
