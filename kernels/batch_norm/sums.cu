// sum g and sum g (x - mean) over the rows of a large array, from which backward of batch normalisation has
// dbias, dweight and two coefficients of dx; g is dy, or 0 where y <= 0 behind ReLU; x, dy, y [rows, c].
// Read by 16 bytes; the sums of blocks meet in a second kernel, in a fixed order.

#include "kernels/batch_norm/channel.cuh"
#include "kernels/batch_norm/partials.cuh"
#include "kernels/batch_norm/strips.h"

namespace weft::kernels {
namespace {

constexpr int kLoads = 4;  // rows of a thread in flight, of up to three arrays

__device__ __forceinline__ void add_quad(Quads<GradientSums>& sums, float4 g, float4 x,
                                         float4 mean) {
  sums = Each<AddSums>{}(sums, {{{g.x, g.x * (x.x - mean.x)},
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
  Quads<GradientSums> sums{};
  if (!place.is_idle()) {
    const float4 mean = place.gather(s, p.mean, 0.0f);
    for (std::int64_t line = place.first; line < place.end; line += kLoads * place.lanes) {
      float4 x[kLoads], g[kLoads];
      WEFT_UNROLL
      for (int i = 0; i < kLoads; ++i) {
        const std::int64_t l = line + i * place.lanes;
        x[i] = place.load<kAligned>(s, p.x, l);
        g[i] = place.load<kAligned>(s, p.dy, l);
        if constexpr (kRelu) g[i] = passed(g[i], place.load<kAligned>(s, p.y, l));
      }
      WEFT_UNROLL
      for (int i = 0; i < kLoads; ++i) add_quad(sums, g[i], x[i], mean);  // 0 past the end
    }
    if (place.rest > 0) {
      float4 g = place.load_rest(s, p.dy);
      if constexpr (kRelu) g = passed(g, place.load_rest(s, p.y));
      add_quad(sums, g, place.load_rest(s, p.x), mean);
    }
  }
  store_partials<AddSums>(s, place, sums, partials);
}

__global__ void __launch_bounds__(kMergeThreads)
    batch_norm_sums_merge_kernel(const GradientSums* partials,  // [count, c]
                                 float* coefficients,           // [2, c]
                                 std::int64_t count, BatchNormBackward p) {
  const ChannelGroup place(p.c);
  const GradientSums sums = merged<AddSums>(partials, count, p.c, place);
  if (place.lane != 0) return;
  const float g_xhat = store_sums(p, place.channel, sums);
  if (p.rows == 0) return;  // there is no dx
  const float rows = static_cast<float>(p.rows);
  coefficients[place.channel] = sums.g / rows;
  coefficients[p.c + place.channel] = p.rstd[place.channel] * g_xhat / rows;
}

}  // namespace

std::int64_t batch_norm_sums_workspace(std::int64_t rows, std::int64_t c) {
  if (c == 0) return 0;
  return 2 * c + floats_of_partials<GradientSums>(strips_of(rows, c, kPartialBlocks, kLoads));
}

const float* batch_norm_sums(const BatchNormBackward& p, float* workspace, StreamView stream) {
  const Strips s = strips_of(p.rows, p.c, kPartialBlocks, kLoads);
  auto* const partials = reinterpret_cast<GradientSums*>(workspace + 2 * p.c);
  if (s.chunks > 0)
    with_flags(are_aligned16(p.x, p.y, p.dy), p.y != nullptr, [&]<bool kAligned, bool kRelu>() {
      launch(batch_norm_sums_strip_kernel<kAligned, kRelu>, strips_launch(s), stream, p, partials,
             s);
    });
  launch(batch_norm_sums_merge_kernel, merge_launch(p.c), stream, partials, workspace,
         s.chunks * s.copies(), p);
  return workspace;
}

}  // namespace weft::kernels
