#pragma once

#include <cstdint>

#include "kernels/gemm/register_tiled.h"
#include "weft/activation.h"
#include "weft/stream.h"

namespace weft::kernels {

/// How a product is computed: the tile of a block, and the depth of a slice of k (k itself: not cut).
struct GemmPlan {
  GemmTile tile;
  std::int64_t depth;
};
GemmPlan plan_gemm(std::int64_t m, std::int64_t n, std::int64_t k);

/// Floats of workspace that gemm needs: 0 unless k is cut.
std::int64_t gemm_workspace(std::int64_t m, std::int64_t n, std::int64_t k);

/// c = activation(alpha op(a) op(b) + beta c + bias) for a [m, k] (transposed: [k, m]), b [k, n] (transposed:
/// [n, k]), c [m, n], bias [n] or null, added to every row. beta = 0: c is not read; alpha = 0: a and b
/// are not. c and the workspace overlap nothing. The same input gives the same bits.
void gemm(const float* a, const float* b, const float* bias, float* c, float* workspace,
          std::int64_t m, std::int64_t n, std::int64_t k, bool transpose_a, bool transpose_b,
          float alpha, float beta, Activation activation, float slope, StreamView stream);

}  // namespace weft::kernels
