// Mean and variance of each channel of a large x [rows, c], for batch normalisation; read by 16 bytes.
// Exact to rounding for any mean: a thread takes the mean and the squared distances of a few rows in registers,
// in two passes, and everything is merged by Chan's formula, never from sums of squares.

#include "kernels/batch_norm/channel.cuh"
#include "kernels/batch_norm/partials.cuh"
#include "kernels/batch_norm/strips.h"

namespace weft::kernels {
namespace {

constexpr int kLoads = 8;  // rows of a thread in registers

/// Of the first `count` values, of which one at least is there.
__device__ __forceinline__ Moments moments_of(const float (&values)[kLoads], int count) {
  float distances[kLoads], sum = 0;
  WEFT_UNROLL
  for (int i = 0; i < kLoads; ++i) {
    distances[i] = i < count ? values[i] - values[0] : 0.0f;
    sum += distances[i];
  }
  const float total = static_cast<float>(count), offset = sum / total;
  float m2 = 0;
  WEFT_UNROLL
  for (int i = 0; i < kLoads; ++i) {
    const float distance = i < count ? distances[i] - offset : 0.0f;
    m2 += distance * distance;
  }
  return {total, values[0] + offset, m2};
}

template <bool kAligned>
__global__ void __launch_bounds__(kStripThreads, 2)
    batch_norm_moments_strip_kernel(const float* x,     // [rows, c], as lines
                                    Moments* partials,  // [chunks, line]
                                    const Strips s) {
  const StripPlace place(s);
  Quads<Moments> moments{};
  for (std::int64_t line = place.first; line < place.end; line += kLoads * place.lanes) {
    float columns[kQuad][kLoads];
    int count = 0;
    WEFT_UNROLL
    for (int i = 0; i < kLoads; ++i) {
      const std::int64_t l = line + i * place.lanes;
      const float4 quad = place.load<kAligned>(s, x, l);
      columns[0][i] = quad.x, columns[1][i] = quad.y;
      columns[2][i] = quad.z, columns[3][i] = quad.w;
      count += l < place.end ? 1 : 0;
    }
    WEFT_UNROLL
    for (int k = 0; k < kQuad; ++k)
      moments.of[k] = Merge{}(moments.of[k], moments_of(columns[k], count));
  }
  if (place.rest > 0) {
    const float4 quad = place.load_rest(s, x);
    const float values[kQuad] = {quad.x, quad.y, quad.z, quad.w};
    WEFT_UNROLL
    for (int k = 0; k < kQuad; ++k)
      if (k < place.rest) moments.of[k] = Merge{}(moments.of[k], {1.0f, values[k], 0.0f});
  }
  store_partials<Merge>(s, place, moments, partials);
}

__global__ void __launch_bounds__(kMergeThreads)
    batch_norm_moments_merge_kernel(const Moments* partials,  // [count, c]
                                    std::int64_t count, BatchNormForward p) {
  const ChannelGroup place(p.c);
  const Moments moments = merged<Merge>(partials, count, p.c, place);
  if (place.lane == 0) store_moments(p, place.channel, moments.mean, moments.m2);
}

}  // namespace

std::int64_t batch_norm_moments_workspace(std::int64_t rows, std::int64_t c) {
  return c == 0 ? 0 : floats_of_partials<Moments>(strips_of(rows, c, kPartialBlocks, kLoads));
}

void batch_norm_moments(const BatchNormForward& p, float* workspace, StreamView stream) {
  const Strips s = strips_of(p.rows, p.c, kPartialBlocks, kLoads);
  auto* const partials = reinterpret_cast<Moments*>(workspace);
  launch(are_aligned16(p.x) ? batch_norm_moments_strip_kernel<true>
                            : batch_norm_moments_strip_kernel<false>,
         strips_launch(s), stream, p.x, partials, s);
  launch(batch_norm_moments_merge_kernel, merge_launch(p.c), stream, partials,
         s.chunks * s.copies(), p);
}

}  // namespace weft::kernels
