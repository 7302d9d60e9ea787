// y = (x - mean) scale + bias, and dx = scale (g - mean_g - (x - mean) slope), with one value of each a channel;
// scale = rstd weight, x [rows, c]. In evaluation mean and rstd are made from the running values, and mean_g and
// slope are 0. Bound by memory: a thread keeps to four columns, whose values stay in its registers, and
// moves 16 bytes of a row at a time.

#include "kernels/batch_norm/channel.cuh"
#include "kernels/batch_norm/strips.cuh"
#include "kernels/batch_norm/strips.h"

namespace weft::kernels {
namespace {

constexpr int kLoads = 4;  // rows of a thread in flight
constexpr std::int64_t kBlocksWanted = 8 * kMultiprocessors;

__device__ __forceinline__ float4 times(float4 a, float4 b) {
  return make_float4(a.x * b.x, a.y * b.y, a.z * b.z, a.w * b.w);
}

/// rstd of the quad's channels from their running variance. The quad that comes first of all for a channel
/// writes down what backward needs.
__device__ __forceinline__ float4 running_rstd(const BatchNormForward& p, const StripPlace& place,
                                               const Strips& s) {
  float rstd[kQuad];
  WEFT_UNROLL
  for (int k = 0; k < kQuad; ++k) {
    const std::int64_t channel = place.channel(s, k);
    rstd[k] = rstd_of(p.running_variance[channel], p.epsilon);
    if (p.rstd != nullptr && place.first == 0 && place.column + k < s.c) {
      p.mean[channel] = p.running_mean[channel];
      p.rstd[channel] = rstd[k];
    }
  }
  return make_float4(rstd[0], rstd[1], rstd[2], rstd[3]);
}

template <bool kAligned, bool kRelu>
__global__ void __launch_bounds__(kStripThreads)
    batch_norm_apply_strip_kernel(BatchNormForward p, bool running, const Strips s) {
  const StripPlace place(s);
  if (place.is_idle()) return;  // no barrier follows
  const float4 mean = place.gather(s, running ? p.running_mean : p.mean, 0.0f);
  const float4 rstd = running ? running_rstd(p, place, s) : place.gather(s, p.rstd, 0.0f);
  const float4 scale = times(rstd, place.gather(s, p.weight, 1.0f));
  const float4 bias = place.gather(s, p.bias, 0.0f);
  for (std::int64_t line = place.first; line < place.end; line += kLoads * place.lanes) {
    float4 x[kLoads];
    WEFT_UNROLL
    for (int i = 0; i < kLoads; ++i) x[i] = place.load<kAligned>(s, p.x, line + i * place.lanes);
    WEFT_UNROLL
    for (int i = 0; i < kLoads; ++i)
      place.store<kAligned>(s, p.y, line + i * place.lanes,
                            normalised<kRelu>(x[i], mean, scale, bias));
  }
  place.store_rest(s, p.y, normalised<kRelu>(place.load_rest(s, p.x), mean, scale, bias));
}

/// What a thread of backward knows of its four channels.
struct QuadCoefficients {
  float4 mean, scale, mean_g, slope;

  __device__ __forceinline__ float4 dx(float4 g, float4 x) const {
    return make_float4(scale.x * (g.x - mean_g.x - (x.x - mean.x) * slope.x),
                       scale.y * (g.y - mean_g.y - (x.y - mean.y) * slope.y),
                       scale.z * (g.z - mean_g.z - (x.z - mean.z) * slope.z),
                       scale.w * (g.w - mean_g.w - (x.w - mean.w) * slope.w));
  }
};

__device__ __forceinline__ float4 plus(float4 a, float4 b) {
  return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
}

template <bool kAligned, bool kRelu>
__global__ void __launch_bounds__(kStripThreads)
    batch_norm_backward_apply_strip_kernel(BatchNormBackward p,
                                           const float* coefficients,  // [2, c]: mean_g, slope
                                           const Strips s) {
  const StripPlace place(s);
  if (place.is_idle()) return;  // no barrier follows
  QuadCoefficients of_quad;
  of_quad.mean = place.gather(s, p.mean, 0.0f);
  of_quad.scale = times(place.gather(s, p.rstd, 0.0f), place.gather(s, p.weight, 1.0f));
  of_quad.mean_g = place.gather(s, coefficients, 0.0f);
  of_quad.slope = place.gather(s, coefficients == nullptr ? nullptr : coefficients + s.c, 0.0f);
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
    for (int i = 0; i < kLoads; ++i) {
      const std::int64_t l = line + i * place.lanes;
      float4 dx = of_quad.dx(g[i], x[i]);
      if (p.add_dx) dx = plus(place.load<kAligned>(s, p.dx, l), dx);
      place.store<kAligned>(s, p.dx, l, dx);
    }
  }
  float4 g = place.load_rest(s, p.dy);
  if constexpr (kRelu) g = passed(g, place.load_rest(s, p.y));
  float4 dx = of_quad.dx(g, place.load_rest(s, p.x));
  if (p.add_dx) dx = plus(place.load_rest(s, p.dx), dx);
  place.store_rest(s, p.dx, dx);
}

}  // namespace

void batch_norm_apply(const BatchNormForward& p, bool running, StreamView stream) {
  const Strips s = strips_of(p.rows, p.c, kBlocksWanted, kLoads);
  with_flags(are_aligned16(p.x, p.y), p.relu, [&]<bool kAligned, bool kRelu>() {
    launch(batch_norm_apply_strip_kernel<kAligned, kRelu>, strips_launch(s), stream, p, running, s);
  });
}

void batch_norm_apply_backward(const BatchNormBackward& p, const float* coefficients,
                               StreamView stream) {
  const Strips s = strips_of(p.rows, p.c, kBlocksWanted, kLoads);
  with_flags(are_aligned16(p.x, p.y, p.dy, p.dx), p.y != nullptr, [&]<bool kAligned, bool kRelu>() {
    launch(batch_norm_backward_apply_strip_kernel<kAligned, kRelu>, strips_launch(s), stream, p,
           coefficients, s);
  });
}

}  // namespace weft::kernels
