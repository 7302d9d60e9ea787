#pragma once

// What the GEMM kernels share: the geometry of a block's tile, an operand's way from memory through
// registers to shared memory, and the epilogue.

#include <cstdint>

#include "kernels/primitives/activation.cuh"
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

/// row[column .. column + 3] = f(alpha sum + beta row[...] + bias), up to `columns`; row is read only where
/// beta is not 0.
__device__ __forceinline__ void write_quad(float* row, std::int64_t column, std::int64_t columns,
                                           bool wide, float4 sum, float4 bias, float alpha,
                                           float beta, Activation activation, float slope) {
  float4 v = make_float4(alpha * sum.x + bias.x, alpha * sum.y + bias.y, alpha * sum.z + bias.z,
                         alpha * sum.w + bias.w);
  if (beta != 0.0f) {
    const float4 old = load_quad(row, column, columns, wide, 0.0f);
    v = make_float4(v.x + beta * old.x, v.y + beta * old.y, v.z + beta * old.z, v.w + beta * old.w);
  }
  if (activation != Activation::none) v = activated(activation, v, slope);
  store_quad(row, column, columns, wide, v);
}

/// A thread's share of kRows x kK numbers of an operand, whose memory is [rows, k] (kAlongK) or [k, rows].
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

  /// Starts to load rows from first_row and steps from first_k of [rows, k]; zeros outside.
  __device__ __forceinline__ void fetch(const float* operand, int first_row, int rows, int first_k,
                                        int extent_k, bool wide) {
    WEFT_UNROLL for (int i = 0; i < kCount; ++i) {
      const int row = first_row + row_of(i), k = first_k + step_of(i);
      const int line = kAlongK ? row : k, lines = kAlongK ? rows : extent_k;  // of memory
      const int place = kAlongK ? k : row, length = kAlongK ? extent_k : rows;
      const bool inside = line < lines;
      vectors[i] = load_quad(operand + (inside ? static_cast<std::int64_t>(line) * length : 0),
                             place, inside ? length : 0, wide, 0.0f);
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
