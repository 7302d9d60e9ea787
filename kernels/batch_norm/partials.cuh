#pragma once

// Statistics of channels over many rows, in two kernels: a block leaves one partial result a column of its strip
// and chunk, and a second kernel merges the partial results of a channel. They lie as [chunks, line], and as a
// line is several rows of [c], also as [chunks copies, c]. The order of every merge depends on the shape alone.

#include "kernels/batch_norm/strips.cuh"

namespace weft::kernels {

inline constexpr int kMergeThreads = 256;
inline constexpr std::int64_t kPartialBlocks = 2 * kMultiprocessors;  // each with 32 KB in flight

template <class Partial>
struct Quads {
  Partial of[kQuad];
};

/// Combines quads element by element.
template <class Combine>
struct Each {
  template <class Partial>
  __device__ __forceinline__ Quads<Partial> operator()(const Quads<Partial>& a,
                                                       const Quads<Partial>& b) const {
    static_assert(kQuad == 4);
    return {{Combine{}(a.of[0], b.of[0]), Combine{}(a.of[1], b.of[1]), Combine{}(a.of[2], b.of[2]),
             Combine{}(a.of[3], b.of[3])}};
  }
};

/// Reduces the lanes of each column and writes the block's partial results. All threads come here.
template <class Combine, class Partial>
__device__ __forceinline__ void store_partials(const Strips& s, const StripPlace& place,
                                               const Quads<Partial>& of_thread, Partial* partials) {
  const Quads<Partial> total = lanes_reduce<kStripThreads>(of_thread, place, Each<Combine>{});
  if (place.lane != 0 || place.column >= s.line) return;
  WEFT_UNROLL
  for (int k = 0; k < kQuad; ++k) partials[place.chunk * s.line + place.column + k] = total.of[k];
}

/// All partial results of this thread's channel; `count` of each.
template <class Combine, class Partial>
__device__ __forceinline__ Partial merged(const Partial* partials, std::int64_t count,
                                          std::int64_t c, const ChannelGroup& place) {
  Partial of_thread{};
  for (std::int64_t i = place.first_row(count); i < count; i += place.lanes)
    of_thread = Combine{}(of_thread, partials[i * c + place.channel]);
  return lanes_reduce<kMergeThreads>(of_thread, place, Combine{});
}

template <class Partial>
std::int64_t floats_of_partials(const Strips& s) {
  static_assert(sizeof(Partial) % sizeof(float) == 0);
  return s.chunks * s.line * static_cast<std::int64_t>(sizeof(Partial) / sizeof(float));
}

inline LaunchShape merge_launch(std::int64_t c,
                                std::source_location where = std::source_location::current()) {
  return {.grid = blocks_for(c, kGroupChannels), .block = kMergeThreads, .where = where};
}

}  // namespace weft::kernels
