// c = f(alpha sum_s partials[s] + beta c + bias), where partials[s] [m, n] is the product over slice s of k.
// A product with few outputs and a long k has too few tiles to fill a GPU, so its slices are blocks of
// their own; their sums are added here in the order of the slices, so that no atomics are needed and
// the same input gives the same bits.

#include "kernels/gemm/split_k.h"

#include "kernels/primitives/gemm_product.cuh"
#include "kernels/primitives/index.cuh"

namespace weft::kernels {
namespace {

constexpr int kThreads = 128;

__global__ void gemm_split_k_sum_kernel(const float* partials, const float* bias, float* c,
                                        std::int64_t size, int n, int slices, float alpha,
                                        float beta, Activation activation, float slope, bool wide) {
  const std::int64_t first = grid_thread() * kVector;
  if (first >= size) return;

  float4 sum = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
  for (int s = 0; s < slices; ++s) {
    const float4 part = load_quad(partials + s * size, first, size, wide, 0.0f);
    sum = make_float4(sum.x + part.x, sum.y + part.y, sum.z + part.z, sum.w + part.w);
  }
  float biases[kVector] = {};
  if (bias != nullptr) {
    const int column = static_cast<int>(first % n);
    WEFT_UNROLL for (int j = 0; j < kVector; ++j) { biases[j] = bias[(column + j) % n]; }
  }
  write_quad(c, first, size, wide, sum, make_float4(biases[0], biases[1], biases[2], biases[3]),
             alpha, beta, activation, slope);
}

}  // namespace

void gemm_split_k(const float* a, const float* b, const float* bias, float* c, float* workspace,
                  std::int64_t m, std::int64_t n, std::int64_t k, std::int64_t depth,
                  bool transpose_a, bool transpose_b, float alpha, float beta,
                  Activation activation, float slope, GemmTile tile, StreamView stream) {
  if (k <= depth || alpha == 0.0f)
    return gemm_register_tiled(a, b, bias, c, m, n, k, transpose_a, transpose_b, alpha, beta,
                               activation, slope, tile, stream);
  gemm_partial_products(a, b, workspace, m, n, k, depth, transpose_a, transpose_b, tile, stream);
  gemm_sum_slices(workspace, bias, c, m, n, ceil_div(k, depth), alpha, beta, activation, slope,
                  stream);
}

void gemm_sum_slices(const float* partials, const float* bias, float* c, std::int64_t m,
                     std::int64_t n, std::int64_t slices, float alpha, float beta,
                     Activation activation, float slope, StreamView stream) {
  const std::int64_t size = m * n;
  if (size == 0) return;
  launch(gemm_split_k_sum_kernel, {.grid = blocks_for(size, kThreads * kVector), .block = kThreads},
         stream, partials, bias, c, size, static_cast<int>(n), static_cast<int>(slices), alpha,
         beta, activation, slope, is_wide(partials, size) && is_wide(c, size));
}

}  // namespace weft::kernels
