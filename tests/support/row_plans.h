#pragma once

// The schemes of softmax's kernels, for tests that run each of them on rows of any length.

#include <cstdint>
#include <string>

#include "kernels/primitives/row_plan.h"
#include "tests/support/shapes.h"
#include "weft/device.h"

namespace weft::test {

using kernels::RowPlan;
using kernels::RowScheme;

inline constexpr RowScheme kRowSchemes[] = {RowScheme::registers, RowScheme::shared,
                                            RowScheme::parts};

inline std::string plan_name(RowPlan plan) {
  if (plan.scheme == RowScheme::registers) return "registers";
  if (plan.scheme == RowScheme::shared) return "shared";
  return "parts of " + std::to_string(plan.part_cols);
}

/// "softmax_registers_kernel" for "softmax".
inline std::string kernel_name(const std::string& op, RowScheme scheme) {
  const bool whole = scheme != RowScheme::parts;
  return op + "_" + (whole ? plan_name(RowPlan{scheme}) : "parts") + "_kernel";
}

/// What the op chooses on this GPU.
inline RowPlan plan_here(kernels::RowLimits limits, std::int64_t cols) {
  return kernels::plan_rows(limits, cols, gpu_properties().shared_bytes_per_block);
}

/// The longest row that stays in shared memory on this GPU; 0 if registers hold more than that.
inline std::int64_t longest_in_shared(kernels::RowLimits limits) {
  const auto quads = (gpu_properties().shared_bytes_per_block - kernels::kSharedOfReductions) / 16;
  const std::int64_t cols = static_cast<std::int64_t>(quads) / limits.arrays_in_shared * 4;
  return cols > limits.in_registers ? cols : 0;
}

/// Whatever the length of the row; now and then of as many parts as there may be, else of up to ten.
inline RowPlan random_plan(Rng& rng, RowScheme scheme, std::int64_t cols) {
  if (scheme != RowScheme::parts) return {scheme};
  const std::int64_t shortest = cols / (4 * kernels::kMostParts) + 1;
  const std::int64_t few = shortest + rng.integer(cols / 40, cols / 4);
  return {scheme, 4 * (rng.chance(0.05) ? shortest : few)};
}

/// Roundings on the way of one term of a row's sum: a thread adds its values of a tile one by one and, in an
/// online sum, rescales at each tile; then come two trees of five levels for a block, and for parts of
/// eight warps a tree of eight levels each for the block and for the parts. One that rescales costs an
/// addition, a product and an exponential of 2 ulp.
inline double roundings_of_sum(RowPlan plan, std::int64_t cols, bool rescales) {
  const double merge = rescales ? 4 : 1;
  const auto tiles = [](std::int64_t columns, std::int64_t tile) {
    return static_cast<double>((columns + tile - 1) / tile);
  };
  if (plan.scheme == RowScheme::registers) return 32 + 10;
  if (plan.scheme == RowScheme::shared) return tiles(cols, 16384) * (15 + merge) + 10 * merge;
  return tiles(plan.part_cols, kernels::kPartTile) * (15 + merge) + 16 * merge;
}

}  // namespace weft::test
