#pragma once

// c = f(alpha A B + beta c + bias) for operands A [m, k] and B [k, n] that come from anywhere, tile by tile. A
// block owns a tile of c and walks along k. Both operands lie in shared memory as [k][row], so that a step
// along k costs a thread a few 16-byte reads for an outer product kept in registers (Volkov and Demmel, SC
// 2008). While one stretch of k is multiplied the next is on its way from memory to registers, then to the
// other of two buffers: one barrier a stretch.

#include <string>

#include "kernels/primitives/activation.cuh"
#include "kernels/primitives/gemm_tile.cuh"
#include "kernels/primitives/gemm_tile.h"

namespace weft::kernels {

constexpr int kBandHeight = 8;      // tiles walked down before the next column: b stays in the L2
constexpr int kBlocksResident = 2;  // at least: leaves a thread of a large tile 128 registers

using LargeTile = Tile<128, 128, 8, 2, 2, 8>;  // 256 threads with 8x8 each
using MediumTile = Tile<64, 64, 16, 2, 1, 8>;  // 128 threads with 8x4 each
using TallTile = Tile<64, 16, 32, 1, 1, 4>;    // 64 threads with 4x4 each, like the next
using WideTile = Tile<16, 64, 32, 1, 1, 8>;

/// Calls run(Tile<...>{}) with the type of a tile.
template <class Run>
void with_tile(GemmTile tile, Run run) {
  switch (tile) {
    case GemmTile::large:
      return run(LargeTile{});
    case GemmTile::medium:
      return run(MediumTile{});
    case GemmTile::tall:
      return run(TallTile{});
    case GemmTile::wide:
      return run(WideTile{});
  }
}

/// The result and its epilogue.
struct ProductOutput {
  const float* bias;  // [n]; null: none
  float* c;           // [slices, m, n]
  int m, n, k;
  int depth;  // of a slice of k: a multiple of the tile's, or all of k
  float alpha, beta;
  Activation activation;
  float slope;
  bool wide_c;  // c's rows, and bias, can be accessed 16 bytes at a time
};

/// The tile of c that is this block's: bands of kBandHeight rows of tiles, each walked column by column.
template <class Tile>
struct TilePlace {
  int m, n;  // of its first element

  __device__ __forceinline__ explicit TilePlace(const ProductOutput& to) {
    const int tiles_m = (to.m - 1) / Tile::kM + 1, tiles_n = (to.n - 1) / Tile::kN + 1;
    const int band = static_cast<int>(blockIdx.x) / (kBandHeight * tiles_n) * kBandHeight;
    const int in_band = static_cast<int>(blockIdx.x) - band * tiles_n;
    const int height = min(kBandHeight, tiles_m - band);
    m = (band + in_band % height) * Tile::kM;
    n = in_band / height * Tile::kN;
  }
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

/// One tile of slice blockIdx.z. A's lines are rows of c (kALinesAreRows) or steps along k; B's lines are
/// columns of c (kBLinesAreColumns) or steps along k.
template <class Tile, bool kALinesAreRows, bool kBLinesAreColumns, class A, class B>
__device__ __forceinline__ void tiled_product(const A& a_source, const B& b_source,
                                              const ProductOutput& to) {
  WEFT_SHARED(float, a_tile, [2][Tile::kK][Tile::kM + kPad]);
  WEFT_SHARED(float, b_tile, [2][Tile::kK][Tile::kN + kPad]);

  const TilePlace<Tile> block(to);
  const int slice = static_cast<int>(blockIdx.z);
  const int begin = slice * to.depth, end = begin + min(to.k - begin, to.depth);

  const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
  const int thread_m = warp / Tile::kWarpsN * Tile::kWarpM + lane / Tile::kLanesN * kVector;
  const int thread_n = warp % Tile::kWarpsN * Tile::kWarpN + lane % Tile::kLanesN * kVector;

  Share<Tile::kM, Tile::kK, Tile::kThreads, kALinesAreRows> a;
  Share<Tile::kN, Tile::kK, Tile::kThreads, kBLinesAreColumns> b;
  float sums[Tile::kPiecesM * kVector][Tile::kPiecesN * kVector] = {};

  a.fetch(a_source, block.m, begin);
  b.fetch(b_source, block.n, begin);
  a.store(a_tile[0]);
  b.store(b_tile[0]);
  __syncthreads();  // the first stretch is whole

  int buffer = 0;
  for (int next = begin + Tile::kK;; next += Tile::kK) {
    const bool more = next < end;
    if (more) {
      a.fetch(a_source, block.m, next);
      b.fetch(b_source, block.n, next);
    }
    WEFT_UNROLL for (int k = 0; k < Tile::kK; ++k) {
      alignas(16) float rows[Tile::kPiecesM * kVector], columns[Tile::kPiecesN * kVector];
      WEFT_UNROLL for (int piece = 0; piece < Tile::kPiecesM; ++piece) {
        store4(&rows[piece * kVector],
               load4(&a_tile[buffer][k][thread_m + piece * Tile::kStrideM]));
      }
      WEFT_UNROLL for (int piece = 0; piece < Tile::kPiecesN; ++piece) {
        store4(&columns[piece * kVector],
               load4(&b_tile[buffer][k][thread_n + piece * Tile::kStrideN]));
      }
      WEFT_UNROLL for (int i = 0; i < Tile::kPiecesM * kVector; ++i) {
        WEFT_UNROLL for (int j = 0; j < Tile::kPiecesN * kVector; ++j) {
          sums[i][j] += rows[i] * columns[j];
        }
      }
    }
    if (!more) break;
    buffer ^= 1;
    a.store(a_tile[buffer]);
    b.store(b_tile[buffer]);
    __syncthreads();  // the next stretch is whole, and nobody reads the buffer that comes after it
  }

  float* const c = to.c + static_cast<std::int64_t>(slice) * to.m * to.n;
  WEFT_UNROLL for (int j = 0; j < Tile::kPiecesN; ++j) {
    const int column = block.n + thread_n + j * Tile::kStrideN;
    float4 bias = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    if (to.bias != nullptr) bias = load_quad(to.bias, column, to.n, to.wide_c, 0.0f);
    WEFT_UNROLL for (int i = 0; i < Tile::kPiecesM * kVector; ++i) {
      const int row = block.m + thread_m + i / kVector * Tile::kStrideM + i % kVector;
      const float* sum = &sums[i][j * kVector];
      if (row < to.m)
        write_quad(c + static_cast<std::int64_t>(row) * to.n, column, to.n, to.wide_c,
                   make_float4(sum[0], sum[1], sum[2], sum[3]), bias, to.alpha, to.beta,
                   Activation::none, 0.0f);
    }
  }
  if (to.activation == Activation::none) return;
  // The sums fill the registers, so a thread applies the function to what it wrote, from the cache.
  // Partial sums have none: c has one slice here.
  WEFT_NO_UNROLL for (int piece = 0; piece < Tile::kPiecesN * Tile::kPiecesM * kVector; ++piece) {
    const int j = piece % Tile::kPiecesN, i = piece / Tile::kPiecesN;
    const int column = block.n + thread_n + j * Tile::kStrideN;
    const int row = block.m + thread_m + i / kVector * Tile::kStrideM + i % kVector;
    if (row >= to.m) continue;
    float* const start = to.c + static_cast<std::int64_t>(row) * to.n;
    const float4 sum = load_quad(start, column, to.n, to.wide_c, 0.0f);
    store_quad(start, column, to.n, to.wide_c, activated(to.activation, sum, to.slope));
  }
}

/// The launch of a product: a block a tile and slice. c is not empty.
template <class Tile>
LaunchShape product_launch(const char* op, const ProductOutput& to,
                           std::source_location where = std::source_location::current()) {
  const auto count = [](int extent, int part) {
    return static_cast<unsigned>((extent - 1) / part + 1);
  };
  const unsigned slices = to.k == 0 ? 1 : count(to.k, to.depth);
  if (slices > 1 && to.depth % Tile::kK != 0)
    throw ShapeError(std::string(op) + ": expected slices of a multiple of " +
                     std::to_string(Tile::kK) + ", got " + std::to_string(to.depth));
  return {.grid = {count(to.m, Tile::kM) * count(to.n, Tile::kN), 1, slices},
          .block = Tile::kThreads,
          .where = where};
}

}  // namespace weft::kernels
