// Gather of rows: out[r, f] = scale source[i, f] + shift, out_labels[r] = labels[i], i = order(begin + r);
// source [n, features] uint8 or float, labels [n, words], out [count, features], out_labels [count, words].
// Each thread works out where its row comes from (weft/philox.h), so a shuffled epoch needs no array of
// indices. Threads run along the features in units of four, where rows allow: one load of 4 bytes
// (uint8) or 16 (float) and one store of 16 bytes, neighbours beside each other. Four fifths of the
// traffic of pictures are those stores; loads of 16 bytes would set them 64 bytes apart.

#include "kernels/gather/gather.h"

#include "kernels/primitives/index.cuh"
#include "kernels/primitives/unit.cuh"
#include "kernels/primitives/vector.cuh"

namespace weft::kernels {
namespace {

constexpr int kThreads = 128;       // of a block: some along the features, the rest along the rows
constexpr int kUnitsPerThread = 4;  // independent loads of a thread
constexpr int kMaxFeatureThreads = 64;
constexpr std::int64_t kMaxChunks = 65535;  // what gridDim.y can be
static_assert(kThreads % kMaxFeatureThreads == 0);

__device__ __forceinline__ float scaled(float value, float scale, float shift) {
  return shift == 0.0f ? value * scale : fmaf(value, scale, shift);  // the CPU twin's two cases
}

/// kWidth: one feature, or four side by side.
template <class Source, int kWidth>
__global__ void __launch_bounds__(kThreads)
    gather_rows_kernel(const Source* source,        // [n, features]
                       const std::int32_t* labels,  // [n, words]
                       Shuffle order, std::int64_t begin, float scale, float shift,
                       float* out,                // [count, features]
                       std::int32_t* out_labels,  // [count, words]
                       std::int64_t count, std::int64_t features, std::int64_t words) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * blockDim.y + threadIdx.y;
  if (row >= count) return;
  const std::int64_t from =
      static_cast<std::int64_t>(order(static_cast<std::uint64_t>(begin + row)));
  if (blockIdx.y == 0)
    for (std::int64_t w = threadIdx.x; w < words; w += blockDim.x)
      out_labels[row * words + w] = labels[from * words + w];

  using In = Unit<Source, kWidth>;
  using Out = Unit<float, kWidth>;
  const In* in_row = reinterpret_cast<const In*>(source + from * features);
  Out* out_row = reinterpret_cast<Out*>(out + row * features);
  const std::int64_t units = features / kWidth;
  const std::int64_t chunk = static_cast<std::int64_t>(blockDim.x) * kUnitsPerThread;
  for (std::int64_t at = blockIdx.y * chunk + threadIdx.x; at < units; at += gridDim.y * chunk) {
    In in[kUnitsPerThread] = {};
    WEFT_UNROLL
    for (int u = 0; u < kUnitsPerThread; ++u) {
      const std::int64_t unit = at + u * blockDim.x;
      if (unit < units) in[u] = in_row[unit];
    }
    WEFT_UNROLL
    for (int u = 0; u < kUnitsPerThread; ++u) {
      const std::int64_t unit = at + u * blockDim.x;
      Out result;
      WEFT_UNROLL
      for (int i = 0; i < kWidth; ++i)
        result.value[i] = scaled(static_cast<float>(in[u].value[i]), scale, shift);
      if (unit < units) out_row[unit] = result;
    }
  }
}

}  // namespace

template <class Source>
void gather_rows(const Source* source, const std::int32_t* labels, const Shuffle& order,
                 std::int64_t begin, float scale, float shift, float* out, std::int32_t* out_labels,
                 std::int64_t count, std::int64_t features, std::int64_t words, StreamView stream) {
  if (count == 0) return;
  const bool wide = features % 4 == 0 && are_aligned16(out) &&
                    reinterpret_cast<std::uintptr_t>(source) % sizeof(Unit<Source, 4>) == 0;
  const std::int64_t units = wide ? features / 4 : features;
  unsigned across = 1;  // threads along the features
  while (across < kMaxFeatureThreads && across * kUnitsPerThread < units) across *= 2;
  const unsigned rows = kThreads / across;
  const std::int64_t chunks =
      min(kMaxChunks, max(ceil_div(units, across * kUnitsPerThread), std::int64_t{1}));
  launch(wide ? gather_rows_kernel<Source, 4> : gather_rows_kernel<Source, 1>,
         {.grid = dim3(blocks_for(count, rows), static_cast<unsigned>(chunks)),
          .block = dim3(across, rows)},
         stream, source, labels, order, begin, scale, shift, out, out_labels, count, features,
         words);
}

template void gather_rows<std::uint8_t>(const std::uint8_t*, const std::int32_t*, const Shuffle&,
                                        std::int64_t, float, float, float*, std::int32_t*,
                                        std::int64_t, std::int64_t, std::int64_t, StreamView);
template void gather_rows<float>(const float*, const std::int32_t*, const Shuffle&, std::int64_t,
                                 float, float, float*, std::int32_t*, std::int64_t, std::int64_t,
                                 std::int64_t, StreamView);

}  // namespace weft::kernels
