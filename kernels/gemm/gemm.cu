// c = f(alpha op(a) op(b) + beta c + bias) in float32: chooses among the techniques beside this file by
// the shape alone, so that a product has the same bits on every device.

#include "kernels/gemm/gemm.h"

#include <algorithm>

#include "kernels/gemm/split_k.h"
#include "kernels/primitives/index.cuh"

namespace weft::kernels {
namespace {

constexpr std::int64_t kMultiprocessors = 132;  // an H100's: what a grid should fill
constexpr std::int64_t kThreadsWanted = 256 * kMultiprocessors;  // to hide latency with
constexpr std::int64_t kNarrow = 16;  // rows or columns that a thin tile is for
constexpr std::int64_t kMaxSlices = 64;
constexpr std::int64_t kMinDepth = 128;  // of a slice of a square tile: pays for its partial sums

std::int64_t tiles(GemmTileShape shape, std::int64_t m, std::int64_t n) {
  return ceil_div(m, shape.m) * ceil_div(n, shape.n);
}

GemmTile choose_tile(std::int64_t m, std::int64_t n) {
  if (n <= kNarrow) return GemmTile::tall;
  if (m <= kNarrow) return GemmTile::wide;
  const bool fills_gpu = tiles(shape_of(GemmTile::large), m, n) >= kMultiprocessors;
  return fills_gpu ? GemmTile::large : GemmTile::medium;
}

}  // namespace

GemmPlan plan_gemm(std::int64_t m, std::int64_t n, std::int64_t k) {
  const GemmTile tile = choose_tile(m, n);
  const GemmTileShape shape = shape_of(tile);
  if (m == 0 || n == 0 || k <= shape.k || tile == GemmTile::large) return {tile, k};

  const std::int64_t min_depth = tile == GemmTile::medium ? kMinDepth : shape.k;
  const std::int64_t wanted = ceil_div(kThreadsWanted, tiles(shape, m, n) * shape.threads);
  const std::int64_t slices = std::min({wanted, ceil_div(k, min_depth), kMaxSlices});
  const std::int64_t depth = ceil_div(ceil_div(k, slices), shape.k) * shape.k;
  return {tile, std::min(depth, k)};
}

std::int64_t gemm_workspace(std::int64_t m, std::int64_t n, std::int64_t k) {
  const GemmPlan plan = plan_gemm(m, n, k);
  return plan.depth == k ? 0 : ceil_div(k, plan.depth) * m * n;
}

void gemm(const float* a, const float* b, const float* bias, float* c, float* workspace,
          std::int64_t m, std::int64_t n, std::int64_t k, bool transpose_a, bool transpose_b,
          float alpha, float beta, Activation activation, float slope, StreamView stream) {
  const GemmPlan plan = plan_gemm(m, n, k);
  if (plan.depth == k)
    gemm_register_tiled(a, b, bias, c, m, n, k, transpose_a, transpose_b, alpha, beta, activation,
                        slope, plan.tile, stream);
  else
    gemm_split_k(a, b, bias, c, workspace, m, n, k, plan.depth, transpose_a, transpose_b, alpha,
                 beta, activation, slope, plan.tile, stream);
}

}  // namespace weft::kernels
