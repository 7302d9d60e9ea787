#pragma once

// What both schemes do with one channel: its moments, merged by Chan's formula (Chan, Golub and LeVeque,
// 1983), which takes no difference of large numbers; and the arithmetic of single elements.

#include <cmath>

#include "kernels/batch_norm/batch_norm.h"
#include "kernels/primitives/reduce.cuh"

namespace weft::kernels {

/// Of some elements: how many, their mean, and the sum of the squares of their distances from it.
struct Moments {
  float count, mean, m2;
};

struct Merge {
  __device__ __forceinline__ Moments operator()(const Moments& a, const Moments& b) const {
    if (a.count == 0.0f) return b;
    if (b.count == 0.0f) return a;
    const float count = a.count + b.count, share = b.count / count, delta = b.mean - a.mean;
    return {count, a.mean + delta * share, a.m2 + b.m2 + delta * delta * (a.count * share)};
  }
};

/// The sums that backward needs: g, and g (x - mean).
struct GradientSums {
  float g, gx;
};

struct AddSums {
  __device__ __forceinline__ GradientSums operator()(const GradientSums& a,
                                                     const GradientSums& b) const {
    return {a.g + b.g, a.gx + b.gx};
  }
};

__device__ __forceinline__ float rstd_of(float variance, float epsilon) {
  return 1.0f / sqrtf(variance + epsilon);
}

/// Writes what is kept of a channel's statistics.
__device__ __forceinline__ void store_moments(const BatchNormForward& p, std::int64_t channel,
                                              float mean, float m2) {
  const float count = static_cast<float>(p.rows);
  p.mean[channel] = mean;
  p.rstd[channel] = rstd_of(m2 / count, p.epsilon);
  if (p.running_mean == nullptr) return;
  const float kept = 1.0f - p.momentum;
  p.running_mean[channel] = kept * p.running_mean[channel] + p.momentum * mean;
  p.running_variance[channel] =
      kept * p.running_variance[channel] + p.momentum * (m2 / (count - 1.0f));
}

__device__ __forceinline__ void store_sum(float* to, bool add, std::int64_t channel, float sum) {
  if (to != nullptr) to[channel] = add ? to[channel] + sum : sum;
}

/// Writes a channel's dweight and dbias, and returns the sum of g xhat. Without rows there may be no rstd.
__device__ __forceinline__ float store_sums(const BatchNormBackward& p, std::int64_t channel,
                                            const GradientSums& sums) {
  const float g_xhat = p.rows > 0 ? p.rstd[channel] * sums.gx : 0.0f;
  store_sum(p.dweight, p.add_dweight, channel, g_xhat);
  store_sum(p.dbias, p.add_dbias, channel, sums.g);
  return g_xhat;
}

__device__ __forceinline__ float value_or(const float* array, std::int64_t i, float otherwise) {
  return array == nullptr ? otherwise : array[i];
}

/// y of one element. x - mean comes first: of numbers that are large and close it loses nothing.
template <bool kRelu>
__device__ __forceinline__ float normalised(float x, float mean, float scale, float bias) {
  const float y = (x - mean) * scale + bias;
  return kRelu && y <= 0.0f ? 0.0f : y;  // NaN stays
}

template <bool kRelu>
__device__ __forceinline__ float4 normalised(float4 x, float4 mean, float4 scale, float4 bias) {
  return make_float4(normalised<kRelu>(x.x, mean.x, scale.x, bias.x),
                     normalised<kRelu>(x.y, mean.y, scale.y, bias.y),
                     normalised<kRelu>(x.z, mean.z, scale.z, bias.z),
                     normalised<kRelu>(x.w, mean.w, scale.w, bias.w));
}

/// g of one element: dy where ReLU let y pass.
__device__ __forceinline__ float passed(float dy, float y) { return y <= 0.0f ? 0.0f : dy; }

__device__ __forceinline__ float4 passed(float4 dy, float4 y) {
  return make_float4(passed(dy.x, y.x), passed(dy.y, y.y), passed(dy.z, y.z), passed(dy.w, y.w));
}

}  // namespace weft::kernels
