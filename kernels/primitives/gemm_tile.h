#pragma once

namespace weft::kernels {

/// What one block computes of a product: 128x128, 64x64, 64x16 (few columns) or 16x64 (few rows).
enum class GemmTile { large, medium, tall, wide };

/// Extents of a tile: m x n of c in steps of k, by so many threads.
struct GemmTileShape {
  int m, n, k, threads;
};

}  // namespace weft::kernels
