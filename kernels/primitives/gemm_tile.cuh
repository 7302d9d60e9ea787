#pragma once

// What products made of tiles share: the geometry of a block's tile, where an operand's numbers come from,
// and their way through registers to shared memory. An operand is lines of numbers: a matrix in memory, or
// what a functor makes of other arrays. gemm_product.cuh has the product itself.

#include <cstdint>

#include "kernels/primitives/vector.cuh"
#include "weft/simt.h"

namespace weft::kernels {

constexpr int kVector = 4;  // floats of a 16-byte access, and the side of a thread's pieces of c
constexpr int kPad = 4;     // floats after a shared row: transposing stores hit 32 different banks

template <int kM_, int kN_, int kK_, int kPiecesM_, int kPiecesN_, int kLanesN_>
struct Tile {
  static constexpr int kM = kM_, kN = kN_, kK = kK_;
  static constexpr int kPiecesM = kPiecesM_, kPiecesN = kPiecesN_;  // a thread's 4x4 pieces of c
  static constexpr int kLanesN = kLanesN_, kLanesM = 32 / kLanesN;  // a warp's lanes, over c
  static constexpr int kStrideM = kLanesM * kVector;  // from a thread's piece to its next
  static constexpr int kStrideN = kLanesN * kVector;
  static constexpr int kWarpM = kPiecesM * kStrideM, kWarpN = kPiecesN * kStrideN;
  static constexpr int kWarpsN = kN / kWarpN;
  static constexpr int kThreads = 32 * (kM / kWarpM) * kWarpsN;
  static_assert(kM % kWarpM == 0 && kN % kWarpN == 0, "warps cover the tile");
  static_assert(kK % 8 == 0, "two lanes fetch eight numbers along k");
  static_assert(kM * kK % (kVector * kThreads) == 0 && kN * kK % (kVector * kThreads) == 0,
                "threads share each operand's tile evenly");
  static_assert(2 * kK * (kM + kN + 2 * kPad) * sizeof(float) <= 48 * 1024, "static shared memory");
};

/// An operand that is a matrix in memory, [lines, length].
struct MatrixSource {
  const float* start;
  int lines, length;
  bool wide;  // its lines can be read 16 bytes at a time

  /// Numbers place .. place + 3 of a line; zeros outside.
  __device__ __forceinline__ float4 quad(int line, int place) const {
    const bool inside = line < lines;
    return load_quad(start + (inside ? static_cast<std::int64_t>(line) * length : 0), place,
                     inside ? length : 0, wide, 0.0f);
  }
};

/// A thread's share of kRows x kK numbers of an operand, whose lines are rows (kAlongK: of k numbers) or
/// steps along k (of as many numbers as there are rows).
template <int kRows, int kK, int kThreads, bool kAlongK>
struct Share {
  static constexpr int kCount = kRows * kK / (kVector * kThreads);
  float4 vectors[kCount];

  // Along k, two lanes read 32 bytes of a row, a whole sector, and sixteen rows make a warp: longer
  // runs from fewer rows would meet in the banks when they are stored transposed.
  static __device__ __forceinline__ int row_of(int i) {
    const int index = static_cast<int>(threadIdx.x) + i * kThreads;
    return kAlongK ? index / 2 % kRows : index % (kRows / kVector) * kVector;
  }
  static __device__ __forceinline__ int step_of(int i) {
    const int index = static_cast<int>(threadIdx.x) + i * kThreads;
    return kAlongK ? index / (2 * kRows) * 8 + index % 2 * kVector : index / (kRows / kVector);
  }

  /// Starts to load rows from first_row and steps from first_k. The source has quad(line, place).
  template <class Source>
  __device__ __forceinline__ void fetch(const Source& source, int first_row, int first_k) {
    WEFT_UNROLL for (int i = 0; i < kCount; ++i) {
      const int row = first_row + row_of(i), k = first_k + step_of(i);
      vectors[i] = kAlongK ? source.quad(row, k) : source.quad(k, row);
    }
  }

  __device__ __forceinline__ void store(float (&tile)[kK][kRows + kPad]) const {
    WEFT_UNROLL for (int i = 0; i < kCount; ++i) {
      const int row = row_of(i), k = step_of(i);
      if constexpr (kAlongK) {
        tile[k][row] = vectors[i].x;
        tile[k + 1][row] = vectors[i].y;
        tile[k + 2][row] = vectors[i].z;
        tile[k + 3][row] = vectors[i].w;
      } else {
        store4(&tile[k][row], vectors[i]);
      }
    }
  }
};

/// Whether rows of this length can be read 16 bytes at a time.
inline bool is_wide(const float* x, std::int64_t row_length) {
  return are_aligned16(x) && row_length % kVector == 0;
}

}  // namespace weft::kernels
