#pragma once

// Which threads take a row of a matrix, and how it gets into their registers. A row is shared by
// kThreads neighbouring threads in quads of four columns, quad q of thread t being columns
// 4 (q kThreads + t) .. + 3, whether it is loaded by 16 bytes or column by column: alignment does not
// change the order of any sum.

#include "kernels/primitives/index.cuh"
#include "kernels/primitives/vector.cuh"

namespace weft::kernels {

template <int kThreadsOfRow, int kQuadsOfThread>
struct RowShape {
  static constexpr int kThreads = kThreadsOfRow;  // a part of a warp, a warp, or a whole block
  static constexpr int kQuads = kQuadsOfThread;
  static constexpr int kValues = 4 * kQuads;           // columns a thread holds
  static constexpr int kColumns = kThreads * kValues;  // columns held at once
  static constexpr int kBlock = kThreads < 128 ? 128 : kThreads;
  static constexpr int kMostRows =
      kThreads <= 32 ? 1024 / kThreads : 1;  // of a block of whole warps
  static_assert((kThreads & (kThreads - 1)) == 0 && kBlock <= 1024);

  /// Grid of a launch with kBlock threads.
  static dim3 grid(std::int64_t rows) { return blocks_for(rows, kBlock / kThreads); }
};

inline constexpr int kLongestRowShape = 8192;  // columns that with_row_shape can hold at once

/// Calls run(RowShape) with the smallest shape that holds `cols` columns, or with the largest of all.
template <class Run>
void with_row_shape(std::int64_t cols, Run run) {
  if (cols <= 16)
    run(RowShape<4, 1>{});
  else if (cols <= 32)
    run(RowShape<8, 1>{});
  else if (cols <= 128)
    run(RowShape<32, 1>{});
  else if (cols <= 512)
    run(RowShape<32, 4>{});
  else if (cols <= 2048)
    run(RowShape<128, 4>{});
  else
    run(RowShape<512, 4>{});
  static_assert(RowShape<512, 4>::kColumns == kLongestRowShape);
}

/// The same with one more shape, Longest, for rows beyond kLongestRowShape.
template <class Longest, class Run>
void with_row_shape_up_to(std::int64_t cols, Run run) {
  static_assert(Longest::kColumns > kLongestRowShape);
  if (cols <= kLongestRowShape)
    with_row_shape(cols, run);
  else
    run(Longest{});
}

/// A thread's share of the grid: its row and its place among the threads of that row. Threads past
/// the last row stay, for the barriers, with a row of no columns.
template <class Shape>
struct RowPlace {
  std::int64_t row;
  std::int64_t first = 0;  // column that this block begins with
  std::int64_t cols;       // where it ends
  int thread;              // of Shape::kThreads

  __device__ __forceinline__ RowPlace(std::int64_t rows, std::int64_t cols_of_matrix) {
    const int rows_of_block = static_cast<int>(blockDim.x) / Shape::kThreads;
    row = static_cast<std::int64_t>(blockIdx.x) * rows_of_block +
          static_cast<int>(threadIdx.x) / Shape::kThreads;
    cols = row < rows ? cols_of_matrix : 0;
    thread = static_cast<int>(threadIdx.x) % Shape::kThreads;
  }
  /// For a grid of rows * parts blocks: each takes one of the parts, part_cols columns, of a row.
  __device__ __forceinline__ RowPlace(std::int64_t cols_of_matrix, int parts,
                                      std::int64_t part_cols) {
    static_assert(Shape::kThreads == Shape::kBlock);
    row = blockIdx.x / static_cast<unsigned>(parts);
    first = blockIdx.x % static_cast<unsigned>(parts) * part_cols;
    cols = first + part_cols < cols_of_matrix ? first + part_cols : cols_of_matrix;
    thread = static_cast<int>(threadIdx.x);
  }
  __device__ __forceinline__ std::int64_t quad_column(int q) const {
    return 4 * (static_cast<std::int64_t>(q) * Shape::kThreads + thread);
  }
  /// The column of this thread's value i, and the other way round: -1 for another thread's column.
  __device__ __forceinline__ std::int64_t column(int i) const { return quad_column(i / 4) + i % 4; }
  __device__ __forceinline__ int value_at(std::int64_t column) const {
    if (column < 0 || column >= Shape::kColumns) return -1;
    const int quad = static_cast<int>(column) / 4;
    if (quad % Shape::kThreads != thread) return -1;
    return 4 * (quad / Shape::kThreads) + static_cast<int>(column) % 4;
  }
};

/// Columns first .. first + kColumns - 1 of a row into registers; `fill` past its end.
template <class Shape>
__device__ __forceinline__ void load_row(float (&values)[Shape::kValues], const float* row,
                                         const RowPlace<Shape>& place, std::int64_t first,
                                         bool aligned, float fill) {
  WEFT_UNROLL
  for (int q = 0; q < Shape::kQuads; ++q) {
    const float4 quad = load_quad(row, first + place.quad_column(q), place.cols, aligned, fill);
    values[4 * q] = quad.x, values[4 * q + 1] = quad.y;
    values[4 * q + 2] = quad.z, values[4 * q + 3] = quad.w;
  }
}

template <class Shape>
__device__ __forceinline__ void store_row(float* row, const RowPlace<Shape>& place,
                                          std::int64_t first, bool aligned,
                                          const float (&values)[Shape::kValues]) {
  WEFT_UNROLL
  for (int q = 0; q < Shape::kQuads; ++q)
    store_quad(row, first + place.quad_column(q), place.cols, aligned,
               make_float4(values[4 * q], values[4 * q + 1], values[4 * q + 2], values[4 * q + 3]));
}

}  // namespace weft::kernels
