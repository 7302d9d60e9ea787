#pragma once

#include <cstdint>

#include "kernels/primitives/gemm_tile.h"
#include "weft/activation.h"
#include "weft/stream.h"

namespace weft::kernels {

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
