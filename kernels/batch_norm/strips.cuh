#pragma once

// How a grid goes over x [rows, c] by 16 bytes, for any c. As many rows as make a multiple of four floats (one,
// two or four) count as one line; a block takes a strip of at most 32 quads of a line, one warp's worth,
// and walks down a chunk of the lines. Few channels: a strip is a whole line, and the block's threads take
// neighbouring lines, which lie one behind the other. Up to three rows at the end fill no line: the rest.

#include <algorithm>
#include <cstdint>

#include "kernels/batch_norm/lanes.cuh"
#include "kernels/primitives/flat.cuh"

namespace weft::kernels {

inline constexpr int kStripThreads = 256;
inline constexpr int kStripQuads = 32;                 // 512 bytes in a row
inline constexpr std::int64_t kMultiprocessors = 132;  // an H100's: what a grid should fill

struct Strips {
  std::int64_t c;               // channels
  std::int64_t line, lines;     // floats of a line, whole lines
  std::int64_t rest;            // floats behind the last line
  std::int64_t lines_of_chunk;  // of which the last may have fewer
  std::int64_t chunks;
  int quads, strips;  // quads of a strip, strips of a line

  std::int64_t copies() const { return line / c; }  // of each channel in a line
};

/// Chunks so that about `blocks_wanted` blocks run, unless a thread had fewer lines than `loads`.
inline Strips strips_of(std::int64_t rows, std::int64_t c, std::int64_t blocks_wanted, int loads) {
  Strips s{};
  s.c = c;
  s.line = c * (c % 4 == 0 ? 1 : c % 2 == 0 ? 2 : 4);
  s.lines = rows / s.copies();
  s.rest = rows * c - s.lines * s.line;
  const std::int64_t quads_of_line = s.line / kQuad;
  s.strips = static_cast<int>(ceil_div(quads_of_line, kStripQuads));
  s.quads = static_cast<int>(ceil_div(quads_of_line, s.strips));  // evenly: few idle threads
  const std::int64_t lanes = kStripThreads / s.quads;
  const std::int64_t wanted = std::max<std::int64_t>(blocks_wanted / s.strips, 1);
  const std::int64_t turns = std::max(ceil_div(s.lines, wanted * lanes), std::int64_t{loads});
  s.lines_of_chunk = turns * lanes;
  s.chunks = ceil_div(s.lines, s.lines_of_chunk);
  if (s.chunks == 0 && rows > 0) s.chunks = 1;  // for the rest
  return s;
}

inline LaunchShape strips_launch(const Strips& s,
                                 std::source_location where = std::source_location::current()) {
  return {.grid = blocks_for(s.strips * s.chunks, 1), .block = kStripThreads, .where = where};
}

/// Calls run<kAligned, kFlag>().
template <class Run>
void with_flags(bool aligned, bool flag, Run run) {
  if (aligned)
    flag ? run.template operator()<true, true>() : run.template operator()<true, false>();
  else
    flag ? run.template operator()<false, true>() : run.template operator()<false, false>();
}

/// A thread's share: one quad of columns, and lines first, first + lanes, ... < end.
struct StripPlace : BlockLanes {
  std::int64_t chunk;
  std::int64_t column;      // of the line
  std::int64_t first, end;  // equal where there is nothing to do
  int rest;                 // values of the quad that this thread takes of the rest

  __device__ __forceinline__ explicit StripPlace(const Strips& s) : BlockLanes(s.quads) {
    const auto strips = static_cast<unsigned>(s.strips);
    chunk = blockIdx.x / strips;
    column =
        (blockIdx.x % strips * static_cast<std::int64_t>(s.quads) + BlockLanes::column) * kQuad;
    first = chunk * s.lines_of_chunk + lane;
    end = min((chunk + 1) * s.lines_of_chunk, s.lines);
    if (lane >= lanes || column >= s.line || first > end) end = first;
    const bool takes_rest = lane == 0 && chunk == s.chunks - 1 && column < s.rest;
    rest = takes_rest ? static_cast<int>(min(s.rest - column, std::int64_t{kQuad})) : 0;
  }
  __device__ __forceinline__ bool is_idle() const { return first == end && rest == 0; }

  /// The quad of a line; 0 from `end` on. kAligned: by 16 bytes.
  template <bool kAligned>
  __device__ __forceinline__ float4 load(const Strips& s, const float* x, std::int64_t l) const {
    return load_quad(x + l * s.line + column, l < end ? 0 : kQuad, kQuad, kAligned, 0.0f);
  }
  template <bool kAligned>
  __device__ __forceinline__ void store(const Strips& s, float* y, std::int64_t l,
                                        float4 quad) const {
    if (l >= end) return;
    if constexpr (kAligned)
      store4_global(y + l * s.line + column, quad);
    else
      store_quad(y + l * s.line + column, 0, kQuad, false, quad);
  }
  /// The quad of the rest, as far as it goes.
  __device__ __forceinline__ float4 load_rest(const Strips& s, const float* x) const {
    return load_quad(x + s.lines * s.line + column, 0, rest, false, 0.0f);
  }
  __device__ __forceinline__ void store_rest(const Strips& s, float* y, float4 quad) const {
    store_quad(y + s.lines * s.line + column, 0, rest, false, quad);
  }

  /// The channel of value k of the quad.
  __device__ __forceinline__ std::int64_t channel(const Strips& s, int k) const {
    std::int64_t channel = column % s.c + k;
    while (channel >= s.c) channel -= s.c;
    return channel;
  }
  /// The quad's values of an array [c]; `otherwise` where it is null.
  __device__ __forceinline__ float4 gather(const Strips& s, const float* of_channel,
                                           float otherwise) const {
    if (of_channel == nullptr) return make_float4(otherwise, otherwise, otherwise, otherwise);
    return make_float4(of_channel[channel(s, 0)], of_channel[channel(s, 1)],
                       of_channel[channel(s, 2)], of_channel[channel(s, 3)]);
  }
};

}  // namespace weft::kernels
