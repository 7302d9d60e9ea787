// c = f(alpha op(a) op(b) + beta c + bias) in float32: a is [m, k] or, transposed, [k, m]; b [k, n] or
// [n, k]; c [m, n]; bias [n]. A block owns a tile of c and walks along k. Both operands lie in shared
// memory as [k][row], so that a step along k costs a thread a few 16-byte reads for an outer product
// kept in registers (Volkov and Demmel, SC 2008). While one stretch of k is multiplied the next is on
// its way from memory to registers, then to the other of two buffers: one barrier a stretch.

#include "kernels/gemm/register_tiled.h"

#include <algorithm>
#include <limits>
#include <string>

#include "kernels/gemm/tile.cuh"

namespace weft::kernels {
namespace {

using LargeTile = Tile<128, 128, 8, 2, 2, 8>;  // 256 threads with 8x8 each
using MediumTile = Tile<64, 64, 16, 2, 1, 8>;  // 128 threads with 8x4 each
using TallTile = Tile<64, 16, 32, 1, 1, 4>;    // 64 threads with 4x4 each, like the next
using WideTile = Tile<16, 64, 32, 1, 1, 8>;

constexpr int kBandHeight = 8;      // tiles walked down before the next column: b stays in the L2
constexpr int kBlocksResident = 2;  // at least: leaves a thread of a large tile 128 registers

struct Problem {
  const float* a;
  const float* b;
  const float* bias;  // null: none
  float* c;           // [slices, m, n]
  int m, n, k;
  int depth;  // of a slice of k: a multiple of the tile's, or all of k
  float alpha, beta;
  Activation activation;
  float slope;
  bool wide_a, wide_b, wide_c;
};

template <class Tile, bool kTransposeA, bool kTransposeB>
__global__ void __launch_bounds__(Tile::kThreads, kBlocksResident)
    gemm_register_tiled_kernel(Problem p) {
  WEFT_SHARED(float, a_tile, [2][Tile::kK][Tile::kM + kPad]);
  WEFT_SHARED(float, b_tile, [2][Tile::kK][Tile::kN + kPad]);

  const int tiles_m = (p.m - 1) / Tile::kM + 1, tiles_n = (p.n - 1) / Tile::kN + 1;
  const int band = static_cast<int>(blockIdx.x) / (kBandHeight * tiles_n) * kBandHeight;
  const int in_band = static_cast<int>(blockIdx.x) - band * tiles_n;
  const int height = min(kBandHeight, tiles_m - band);
  const int block_m = (band + in_band % height) * Tile::kM, block_n = in_band / height * Tile::kN;

  const int slice = static_cast<int>(blockIdx.z);
  const int begin = slice * p.depth, end = begin + min(p.k - begin, p.depth);

  const int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
  const int thread_m = warp / Tile::kWarpsN * Tile::kWarpM + lane / Tile::kLanesN * kVector;
  const int thread_n = warp % Tile::kWarpsN * Tile::kWarpN + lane % Tile::kLanesN * kVector;

  Share<Tile::kM, Tile::kK, Tile::kThreads, !kTransposeA> a;
  Share<Tile::kN, Tile::kK, Tile::kThreads, kTransposeB> b;
  float sums[Tile::kPiecesM * kVector][Tile::kPiecesN * kVector] = {};

  a.fetch(p.a, block_m, p.m, begin, p.k, p.wide_a);
  b.fetch(p.b, block_n, p.n, begin, p.k, p.wide_b);
  a.store(a_tile[0]);
  b.store(b_tile[0]);
  __syncthreads();  // the first stretch is whole

  int buffer = 0;
  for (int next = begin + Tile::kK;; next += Tile::kK) {
    const bool more = next < end;
    if (more) {
      a.fetch(p.a, block_m, p.m, next, p.k, p.wide_a);
      b.fetch(p.b, block_n, p.n, next, p.k, p.wide_b);
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

  float* const c = p.c + static_cast<std::int64_t>(slice) * p.m * p.n;
  WEFT_UNROLL for (int j = 0; j < Tile::kPiecesN; ++j) {
    const int column = block_n + thread_n + j * Tile::kStrideN;
    float4 bias = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    if (p.bias != nullptr) bias = load_quad(p.bias, column, p.n, p.wide_c, 0.0f);
    WEFT_UNROLL for (int i = 0; i < Tile::kPiecesM * kVector; ++i) {
      const int row = block_m + thread_m + i / kVector * Tile::kStrideM + i % kVector;
      const float* sum = &sums[i][j * kVector];
      if (row < p.m)
        write_quad(c + static_cast<std::int64_t>(row) * p.n, column, p.n, p.wide_c,
                   make_float4(sum[0], sum[1], sum[2], sum[3]), bias, p.alpha, p.beta,
                   Activation::none, 0.0f);
    }
  }
  if (p.activation == Activation::none) return;
  // The sums fill the registers, so a thread applies the function to what it wrote, from the cache.
  // Partial sums have none: c has one slice here.
  WEFT_NO_UNROLL for (int piece = 0; piece < Tile::kPiecesN * Tile::kPiecesM * kVector; ++piece) {
    const int j = piece % Tile::kPiecesN, i = piece / Tile::kPiecesN;
    const int column = block_n + thread_n + j * Tile::kStrideN;
    const int row = block_m + thread_m + i / kVector * Tile::kStrideM + i % kVector;
    if (row >= p.m) continue;
    float* const start = p.c + static_cast<std::int64_t>(row) * p.n;
    const float4 sum = load_quad(start, column, p.n, p.wide_c, 0.0f);
    store_quad(start, column, p.n, p.wide_c, activated(p.activation, sum, p.slope));
  }
}

template <class Tile>
void launch_tile(const Problem& p, bool transpose_a, bool transpose_b, StreamView stream) {
  const auto kernel = transpose_a ? (transpose_b ? gemm_register_tiled_kernel<Tile, true, true>
                                                 : gemm_register_tiled_kernel<Tile, true, false>)
                                  : (transpose_b ? gemm_register_tiled_kernel<Tile, false, true>
                                                 : gemm_register_tiled_kernel<Tile, false, false>);
  const auto count = [](int extent, int part) {
    return static_cast<unsigned>((extent - 1) / part + 1);
  };
  const unsigned slices = p.k == 0 ? 1 : count(p.k, p.depth);
  if (slices > 1 && p.depth % Tile::kK != 0)
    throw ShapeError("gemm: expected slices of a multiple of " + std::to_string(Tile::kK) +
                     ", got " + std::to_string(p.depth));
  launch(
      kernel,
      {.grid = {count(p.m, Tile::kM) * count(p.n, Tile::kN), 1, slices}, .block = Tile::kThreads},
      stream, p);
}

void launch_problem(const float* a, const float* b, const float* bias, float* c, std::int64_t m,
                    std::int64_t n, std::int64_t k, std::int64_t depth, bool transpose_a,
                    bool transpose_b, float alpha, float beta, Activation activation, float slope,
                    GemmTile tile, StreamView stream) {
  if (m == 0 || n == 0) return;
  if (std::max({m, n, k}) > std::numeric_limits<int>::max() / 2)
    throw ShapeError("gemm: expected m, n and k below 2^30");
  const Problem p = {.a = a,
                     .b = b,
                     .bias = bias,
                     .c = c,
                     .m = static_cast<int>(m),
                     .n = static_cast<int>(n),
                     .k = static_cast<int>(k),
                     .depth = static_cast<int>(depth),
                     .alpha = alpha,
                     .beta = beta,
                     .activation = activation,
                     .slope = slope,
                     .wide_a = is_wide(a, transpose_a ? m : k),
                     .wide_b = is_wide(b, transpose_b ? k : n),
                     .wide_c = is_wide(c, n) && is_wide(bias, n)};
  switch (tile) {
    case GemmTile::large:
      return launch_tile<LargeTile>(p, transpose_a, transpose_b, stream);
    case GemmTile::medium:
      return launch_tile<MediumTile>(p, transpose_a, transpose_b, stream);
    case GemmTile::tall:
      return launch_tile<TallTile>(p, transpose_a, transpose_b, stream);
    case GemmTile::wide:
      return launch_tile<WideTile>(p, transpose_a, transpose_b, stream);
  }
}

template <class Tile>
constexpr GemmTileShape kShapeOf = {Tile::kM, Tile::kN, Tile::kK, Tile::kThreads};

}  // namespace

GemmTileShape shape_of(GemmTile tile) {
  switch (tile) {
    case GemmTile::large:
      return kShapeOf<LargeTile>;
    case GemmTile::medium:
      return kShapeOf<MediumTile>;
    case GemmTile::tall:
      return kShapeOf<TallTile>;
    default:
      return kShapeOf<WideTile>;
  }
}

void gemm_register_tiled(const float* a, const float* b, const float* bias, float* c,
                         std::int64_t m, std::int64_t n, std::int64_t k, bool transpose_a,
                         bool transpose_b, float alpha, float beta, Activation activation,
                         float slope, GemmTile tile, StreamView stream) {
  if (alpha == 0.0f) k = 0;  // as in BLAS, a and b are not read
  launch_problem(a, b, bias, c, m, n, k, k, transpose_a, transpose_b, alpha, beta, activation,
                 slope, tile, stream);
}

void gemm_partial_products(const float* a, const float* b, float* partials, std::int64_t m,
                           std::int64_t n, std::int64_t k, std::int64_t depth, bool transpose_a,
                           bool transpose_b, GemmTile tile, StreamView stream) {
  launch_problem(a, b, nullptr, partials, m, n, k, depth, transpose_a, transpose_b, 1.0f, 0.0f,
                 Activation::none, 0.0f, tile, stream);
}

}  // namespace weft::kernels
