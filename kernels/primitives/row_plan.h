#pragma once

// Where the kernels of softmax and its losses keep a row between the pass that sums it up and the pass that
// writes the result. Plain C++: for launchers, for whoever allocates their workspace, and for tests. By the
// length of a row and the device alone, so a row's bits do not depend on how many others there are.

#include <cstddef>
#include <cstdint>

namespace weft::kernels {

enum class RowScheme : std::uint8_t {
  registers,  // of 4 to 1,024 threads: read once
  shared,     // memory of one block: read once
  parts,      // nowhere: read twice, by many blocks that take a part each
};

struct RowPlan {
  RowScheme scheme;
  std::int64_t part_cols = 0;  // for parts: columns of each, a multiple of 4; at most kMostParts
};

/// What a kernel can keep of a row.
struct RowLimits {
  std::int64_t in_registers;  // columns of the longest row
  int arrays_in_shared;       // one, or two where it needs two inputs again
};

inline constexpr std::int64_t kPartTile = 4096;  // columns that the block of a part reads at once
inline constexpr std::int64_t kMostParts = 256;  // of a row: a block merges them, a thread for each
inline constexpr std::size_t kSharedOfReductions = 1024;  // bytes that stay free for these

/// Bytes of dynamic shared memory for `arrays` rows, each filled up to whole quads.
constexpr std::size_t row_shared_bytes(int arrays, std::int64_t cols) {
  return static_cast<std::size_t>(arrays) * 16 * static_cast<std::size_t>((cols + 3) / 4);
}

/// For rows of `cols` columns on a device with so much shared memory a block. One block for a row that it
/// can keep, even where there is only one: two launches with all multiprocessors take as long.
constexpr RowPlan plan_rows(RowLimits limits, std::int64_t cols, std::size_t shared_bytes) {
  if (cols <= limits.in_registers) return {RowScheme::registers};
  if (row_shared_bytes(limits.arrays_in_shared, cols) + kSharedOfReductions <= shared_bytes)
    return {RowScheme::shared};
  const std::int64_t tiles = (cols + kPartTile - 1) / kPartTile;
  return {RowScheme::parts, (tiles + kMostParts - 1) / kMostParts * kPartTile};
}

constexpr std::int64_t row_parts(RowPlan plan, std::int64_t cols) {
  return (cols + plan.part_cols - 1) / plan.part_cols;
}

/// Floats of workspace: two for each part of each row, at most.
constexpr std::int64_t row_workspace(RowPlan plan, std::int64_t rows, std::int64_t cols) {
  return plan.scheme == RowScheme::parts ? 2 * rows * row_parts(plan, cols) : 0;
}

}  // namespace weft::kernels
