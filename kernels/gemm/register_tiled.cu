// c = f(alpha op(a) op(b) + beta c + bias) in float32: a is [m, k] or, transposed, [k, m]; b [k, n] or
// [n, k]; c [m, n]; bias [n]. The product of primitives/gemm_product.cuh, whose operands are the two matrices.
// It comes with four tiles: two square ones and two for results of few columns or few rows.

#include "kernels/gemm/register_tiled.h"

#include <algorithm>
#include <limits>
#include <string>

#include "kernels/primitives/gemm_product.cuh"

namespace weft::kernels {
namespace {

/// An operand of the product; its extents are those of c and k, which costs no registers of its own.
struct Operand {
  const float* start;
  bool wide;  // rows can be read 16 bytes at a time
};

template <class Tile, bool kTransposeA, bool kTransposeB>
__global__ void __launch_bounds__(Tile::kThreads, kBlocksResident)
    gemm_register_tiled_kernel(Operand a, Operand b, ProductOutput to) {
  const MatrixSource a_source{a.start, kTransposeA ? to.k : to.m, kTransposeA ? to.m : to.k,
                              a.wide};
  const MatrixSource b_source{b.start, kTransposeB ? to.n : to.k, kTransposeB ? to.k : to.n,
                              b.wide};
  tiled_product<Tile, !kTransposeA, kTransposeB>(a_source, b_source, to);
}

template <class Tile>
void launch_tile(Operand a, Operand b, const ProductOutput& to, bool transpose_a, bool transpose_b,
                 StreamView stream) {
  const auto kernel = transpose_a ? (transpose_b ? gemm_register_tiled_kernel<Tile, true, true>
                                                 : gemm_register_tiled_kernel<Tile, true, false>)
                                  : (transpose_b ? gemm_register_tiled_kernel<Tile, false, true>
                                                 : gemm_register_tiled_kernel<Tile, false, false>);
  launch(kernel, product_launch<Tile>("gemm", to), stream, a, b, to);
}

void launch_problem(const float* a, const float* b, const float* bias, float* c, std::int64_t m,
                    std::int64_t n, std::int64_t k, std::int64_t depth, bool transpose_a,
                    bool transpose_b, float alpha, float beta, Activation activation, float slope,
                    GemmTile tile, StreamView stream) {
  if (m == 0 || n == 0) return;
  if (std::max({m, n, k}) > std::numeric_limits<int>::max() / 2)
    throw ShapeError("gemm: expected m, n and k below 2^30");
  const auto narrow = [](std::int64_t extent) { return static_cast<int>(extent); };
  const Operand a_operand{a, is_wide(a, transpose_a ? m : k)};
  const Operand b_operand{b, is_wide(b, transpose_b ? k : n)};
  const ProductOutput to = {.bias = bias,
                            .c = c,
                            .m = narrow(m),
                            .n = narrow(n),
                            .k = narrow(k),
                            .depth = narrow(depth),
                            .alpha = alpha,
                            .beta = beta,
                            .activation = activation,
                            .slope = slope,
                            .wide_c = is_wide(c, n) && is_wide(bias, n)};
  with_tile(tile, [&]<class Tile>(Tile) {
    launch_tile<Tile>(a_operand, b_operand, to, transpose_a, transpose_b, stream);
  });
}

}  // namespace

GemmTileShape shape_of(GemmTile tile) {
  GemmTileShape shape{};
  with_tile(tile, [&]<class Tile>(Tile) {
    shape = {Tile::kM, Tile::kN, Tile::kK, Tile::kThreads};
  });
  return shape;
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
