// The sums over the rows that batch normalisation of a large x [rows, c] needs: mean and variance, and in backward
// sum g and sum g (x - mean). A block takes a strip of columns of one chunk of rows, by 16 bytes, and leaves one
// partial result a column; a second kernel merges those of a channel in a fixed order.
// Moments are exact to rounding for any mean: a thread takes the mean and the squared distances of a few rows in
// registers, in two passes, and merges them by Chan's formula.

#include "kernels/batch_norm/channel.cuh"
#include "kernels/batch_norm/strips.cuh"
#include "kernels/batch_norm/strips.h"

namespace weft::kernels {
namespace {

constexpr int kLoads = 8;                                     // rows of a thread in registers
constexpr int kBackwardLoads = 4;                             // of up to three arrays
constexpr std::int64_t kBlocksWanted = 2 * kMultiprocessors;  // each with 32 KB in flight
constexpr int kMergeThreads = 256;
static_assert(kQuad == 4);

struct QuadMoments {
  Moments of[kQuad];
};
struct MergeQuads {
  __device__ __forceinline__ QuadMoments operator()(const QuadMoments& a,
                                                    const QuadMoments& b) const {
    return {{Merge{}(a.of[0], b.of[0]), Merge{}(a.of[1], b.of[1]), Merge{}(a.of[2], b.of[2]),
             Merge{}(a.of[3], b.of[3])}};
  }
};
struct QuadSums {
  GradientSums of[kQuad];
};
struct AddQuads {
  __device__ __forceinline__ QuadSums operator()(const QuadSums& a, const QuadSums& b) const {
    return {{AddSums{}(a.of[0], b.of[0]), AddSums{}(a.of[1], b.of[1]), AddSums{}(a.of[2], b.of[2]),
             AddSums{}(a.of[3], b.of[3])}};
  }
};

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

template <class Quad, class Partial>
__device__ __forceinline__ void store_partials(const Strips& s, const StripPlace& place,
                                               const Quad& quad, Partial* partials) {
  if (place.lane != 0 || place.column >= s.line) return;
  WEFT_UNROLL
  for (int k = 0; k < kQuad; ++k) partials[place.chunk * s.line + place.column + k] = quad.of[k];
}

template <bool kAligned>
__global__ void __launch_bounds__(kStripThreads, 2)
    batch_norm_moments_strip_kernel(const float* x,     // [rows, c], as lines
                                    Moments* partials,  // [chunks, line]
                                    const Strips s) {
  const StripPlace place(s);
  QuadMoments moments{};
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
  store_partials(s, place, lanes_reduce<kStripThreads>(moments, place, MergeQuads{}), partials);
}

__global__ void __launch_bounds__(kMergeThreads)
    batch_norm_moments_merge_kernel(const Moments* partials,  // [count, c]
                                    std::int64_t count, BatchNormForward p) {
  const ChannelGroup place(p.c);
  Moments moments{};
  for (std::int64_t i = place.first_row(count); i < count; i += place.lanes)
    moments = Merge{}(moments, partials[i * p.c + place.channel]);
  moments = lanes_reduce<kMergeThreads>(moments, place, Merge{});
  if (place.lane == 0) store_moments(p, place.channel, moments.mean, moments.m2);
}

__device__ __forceinline__ void add_quad(QuadSums& sums, float4 g, float4 x, float4 mean) {
  sums = AddQuads{}(sums, {{{g.x, g.x * (x.x - mean.x)},
                            {g.y, g.y * (x.y - mean.y)},
                            {g.z, g.z * (x.z - mean.z)},
                            {g.w, g.w * (x.w - mean.w)}}});
}

template <bool kAligned, bool kRelu>
__global__ void __launch_bounds__(kStripThreads)
    batch_norm_sums_strip_kernel(BatchNormBackward p,
                                 GradientSums* partials,  // [chunks, line]
                                 const Strips s) {
  const StripPlace place(s);
  QuadSums sums{};
  if (!place.is_idle()) {
    const float4 mean = place.gather(s, p.mean, 0.0f);
    for (std::int64_t line = place.first; line < place.end; line += kBackwardLoads * place.lanes) {
      float4 x[kBackwardLoads], g[kBackwardLoads];
      WEFT_UNROLL
      for (int i = 0; i < kBackwardLoads; ++i) {
        const std::int64_t l = line + i * place.lanes;
        x[i] = place.load<kAligned>(s, p.x, l);
        g[i] = place.load<kAligned>(s, p.dy, l);
        if constexpr (kRelu) g[i] = passed(g[i], place.load<kAligned>(s, p.y, l));
      }
      WEFT_UNROLL
      for (int i = 0; i < kBackwardLoads; ++i) add_quad(sums, g[i], x[i], mean);  // 0 past the end
    }
    if (place.rest > 0) {
      float4 g = place.load_rest(s, p.dy);
      if constexpr (kRelu) g = passed(g, place.load_rest(s, p.y));
      add_quad(sums, g, place.load_rest(s, p.x), mean);
    }
  }
  store_partials(s, place, lanes_reduce<kStripThreads>(sums, place, AddQuads{}), partials);
}

__global__ void __launch_bounds__(kMergeThreads)
    batch_norm_sums_merge_kernel(const GradientSums* partials,  // [count, c]
                                 float* coefficients,           // [2, c]
                                 std::int64_t count, BatchNormBackward p) {
  const ChannelGroup place(p.c);
  GradientSums sums{};
  for (std::int64_t i = place.first_row(count); i < count; i += place.lanes)
    sums = AddSums{}(sums, partials[i * p.c + place.channel]);
  sums = lanes_reduce<kMergeThreads>(sums, place, AddSums{});
  if (place.lane != 0) return;
  const float g_xhat = store_sums(p, place.channel, sums);
  if (p.rows == 0) return;  // there is no dx
  const float rows = static_cast<float>(p.rows);
  coefficients[place.channel] = sums.g / rows;
  coefficients[p.c + place.channel] = p.rstd[place.channel] * g_xhat / rows;
}

Strips forward_strips(std::int64_t rows, std::int64_t c) {
  return strips_of(rows, c, kBlocksWanted, kLoads);
}
Strips backward_strips(std::int64_t rows, std::int64_t c) {
  return strips_of(rows, c, kBlocksWanted, kBackwardLoads);
}

template <class Partial>
std::int64_t floats_of(const Strips& s) {
  static_assert(sizeof(Partial) % sizeof(float) == 0);
  return s.chunks * s.line * static_cast<std::int64_t>(sizeof(Partial) / sizeof(float));
}

LaunchShape merge_launch(std::int64_t c,
                         std::source_location where = std::source_location::current()) {
  return {.grid = blocks_for(c, kGroupChannels), .block = kMergeThreads, .where = where};
}

}  // namespace

std::int64_t batch_norm_moments_workspace(std::int64_t rows, std::int64_t c) {
  return c == 0 ? 0 : floats_of<Moments>(forward_strips(rows, c));
}
std::int64_t batch_norm_sums_workspace(std::int64_t rows, std::int64_t c) {
  return c == 0 ? 0 : 2 * c + floats_of<GradientSums>(backward_strips(rows, c));
}

void batch_norm_moments(const BatchNormForward& p, float* workspace, StreamView stream) {
  const Strips s = forward_strips(p.rows, p.c);
  auto* const partials = reinterpret_cast<Moments*>(workspace);
  launch(are_aligned16(p.x) ? batch_norm_moments_strip_kernel<true>
                            : batch_norm_moments_strip_kernel<false>,
         strips_launch(s), stream, p.x, partials, s);
  launch(batch_norm_moments_merge_kernel, merge_launch(p.c), stream, partials,
         s.chunks * s.copies(), p);
}

const float* batch_norm_sums(const BatchNormBackward& p, float* workspace, StreamView stream) {
  const Strips s = backward_strips(p.rows, p.c);
  auto* const partials = reinterpret_cast<GradientSums*>(workspace + 2 * p.c);
  with_flags(are_aligned16(p.x, p.y, p.dy), p.y != nullptr, [&]<bool kAligned, bool kRelu>() {
    if (s.chunks > 0)
      launch(batch_norm_sums_strip_kernel<kAligned, kRelu>, strips_launch(s), stream, p, partials,
             s);
  });
  launch(batch_norm_sums_merge_kernel, merge_launch(p.c), stream, partials, workspace,
         s.chunks * s.copies(), p);
  return workspace;
}

}  // namespace weft::kernels
