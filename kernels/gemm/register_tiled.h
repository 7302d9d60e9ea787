#pragma once

#include <cstdint>

#include "weft/activation.h"
#include "weft/stream.h"

namespace weft::kernels {

/// What one block computes of c: 128x128, 64x64, 64x16 (few columns) or 16x64 (few rows).
enum class GemmTile { large, medium, tall, wide };

/// Extents of a tile: m x n of c in steps of k, by so many threads.
struct GemmTileShape {
  int m, n, k, threads;
};
GemmTileShape shape_of(GemmTile tile);

/// c = activation(alpha op(a) op(b) + beta c + bias) as kernels::gemm, with a tile of the caller's choice.
void gemm_register_tiled(const float* a, const float* b, const float* bias, float* c,
                         std::int64_t m, std::int64_t n, std::int64_t k, bool transpose_a,
                         bool transpose_b, float alpha, float beta, Activation activation,
                         float slope, GemmTile tile, StreamView stream);

/// partials[s] = op(a)[:, S] op(b)[S, :] for the slices S = [s depth, (s + 1) depth) of k; partials is
/// [ceil(k / depth), m, n]. depth is a multiple of the tile's k.
void gemm_partial_products(const float* a, const float* b, float* partials, std::int64_t m,
                           std::int64_t n, std::int64_t k, std::int64_t depth, bool transpose_a,
                           bool transpose_b, GemmTile tile, StreamView stream);

}  // namespace weft::kernels
