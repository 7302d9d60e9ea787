#pragma once

// What the direct kernels share: the tile of a block, 16x16 places of a window over one image of few channels
// and 32 output channels, and the pixels that its windows see, in shared memory.

#include "kernels/primitives/index.cuh"
#include "weft/window.h"

namespace weft::kernels {

inline constexpr int kDirectTile = 16;                // places of a tile along each axis
inline constexpr int kDirectPairs = kDirectTile / 2;  // 2x2 squares of them
inline constexpr int kDirectOutputs = 32;             // output channels of a block
inline constexpr int kDirectThreads = 256;
static_assert(kDirectPairs * kDirectPairs * kDirectOutputs == 8 * kDirectThreads,
              "a thread takes one square and 8 outputs");

/// Rows and columns of the pixels that a tile's windows see.
struct DirectPatch {
  int rows, columns;

  __host__ __device__ explicit DirectPatch(const WindowGeometry& g)
      : rows(static_cast<int>(reach(g.r, g.stride_h, g.dilation_h))),
        columns(static_cast<int>(reach(g.s, g.stride_w, g.dilation_w))) {}

  static __host__ __device__ std::int64_t reach(std::int64_t taps, std::int64_t stride,
                                                std::int64_t dilation) {
    return (kDirectTile - 1) * stride + (taps - 1) * dilation + 1;
  }
};

/// The tile of this block.
struct DirectTile {
  int first_p, first_q;  // its first place

  __device__ __forceinline__ explicit DirectTile(int tiles_q)
      : first_p(static_cast<int>(blockIdx.x) / tiles_q * kDirectTile),
        first_q(static_cast<int>(blockIdx.x) % tiles_q * kDirectTile) {}

  /// The pixels under the tile's windows; zeros in the padding. A row of them is contiguous in x.
  __device__ __forceinline__ void load(const float* x,  // [n, h, w, c]
                                       float* patch,    // [rows, columns, c]
                                       const WindowGeometry& g, int image) const {
    const DirectPatch size(g);
    const int row_length = size.columns * g.c;
    const int first_h = first_p * g.stride_h - g.pad_h, first_w = first_q * g.stride_w - g.pad_w;
    for (int i = static_cast<int>(threadIdx.x); i < size.rows * row_length; i += kDirectThreads) {
      const int row = i / row_length, number = i - row * row_length;
      const int h = first_h + row, from = first_w * g.c + number;
      const bool inside = h >= 0 && h < g.h && from >= 0 && from < g.w * g.c;
      patch[i] =
          inside ? x[((static_cast<std::int64_t>(image) * g.h + h) * g.w) * g.c + from] : 0.0f;
    }
  }
};

/// Blocks for all tiles along one axis.
inline int direct_tiles(int places) { return (places - 1) / kDirectTile + 1; }

}  // namespace weft::kernels
