#pragma once

#include <cstdint>

#include "kernels/gemm/register_tiled.h"
#include "weft/activation.h"
#include "weft/stream.h"

namespace weft::kernels {

/// c = activation(alpha op(a) op(b) + beta c + bias) as kernels::gemm, with k cut into slices of `depth` (a multiple
/// of the tile's k) that are multiplied side by side: workspace has ceil(k / depth) m n floats. Is
/// gemm_register_tiled where there is one slice.
void gemm_split_k(const float* a, const float* b, const float* bias, float* c, float* workspace,
                  std::int64_t m, std::int64_t n, std::int64_t k, std::int64_t depth,
                  bool transpose_a, bool transpose_b, float alpha, float beta,
                  Activation activation, float slope, GemmTile tile, StreamView stream);

/// c = activation(alpha sum of partials [slices, m, n] + beta c + bias), added in the order of the slices.
void gemm_sum_slices(const float* partials, const float* bias, float* c, std::int64_t m,
                     std::int64_t n, std::int64_t slices, float alpha, float beta,
                     Activation activation, float slope, StreamView stream);

}  // namespace weft::kernels
