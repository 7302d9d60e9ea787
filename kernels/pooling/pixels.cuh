#pragma once

// Kernels over the pixels of images [n, h, w, c]: a thread takes a pack of kWidth neighbouring channels of
// one pixel, four as one access of 16 bytes where c and the arrays allow it, else one.

#include <cstdint>
#include <limits>

#include "kernels/primitives/index.cuh"
#include "weft/window.h"

namespace weft::kernels {

inline constexpr int kPixelThreads = 256;  // of a block
inline constexpr int kPixelBlocks = 4;     // of a multiprocessor: leaves 64 registers a thread

template <class T, int kWidth>
struct alignas(kWidth * sizeof(T)) Pack {
  T of[kWidth];
};

template <int kWidth, class T>
__device__ __forceinline__ Pack<T, kWidth> load_pack(const T* address) {
  return *reinterpret_cast<const Pack<T, kWidth>*>(address);
}
template <int kWidth, class T>
__device__ __forceinline__ void store_pack(T* address, const Pack<T, kWidth>& pack) {
  *reinterpret_cast<Pack<T, kWidth>*>(address) = pack;
}
template <int kWidth>
__device__ __forceinline__ void add_to(Pack<float, kWidth>& sum, const Pack<float, kWidth>& term) {
  WEFT_UNROLL
  for (int e = 0; e < kWidth; ++e) sum.of[e] += term.of[e];
}
template <int kWidth>
__device__ __forceinline__ Pack<float, kWidth> divided(Pack<float, kWidth> pack, float by) {
  WEFT_UNROLL
  for (float& value : pack.of) value /= by;
  return pack;
}

/// i / by and the remainder, for i >= 0: in 32 bits, several times as fast, where i allows it.
__device__ __forceinline__ std::int64_t divide(std::int64_t i, int by, int& remainder) {
  if (i <= std::numeric_limits<int>::max()) {
    const auto small = static_cast<unsigned>(i), divisor = static_cast<unsigned>(by);
    remainder = static_cast<int>(small % divisor);
    return small / divisor;
  }
  remainder = static_cast<int>(i % by);
  return i / by;
}

/// A thread's pack begins at [n, h, w, channel]. Threads past the last image have an n that is not there.
struct PixelPlace {
  int n, h, w, channel;
};

template <int kWidth>
__device__ __forceinline__ PixelPlace pixel_place(int h, int w, int c) {
  PixelPlace place;
  const std::int64_t pixel = divide(grid_thread(), c / kWidth, place.channel);
  place.channel *= kWidth;
  place.n = static_cast<int>(divide(divide(pixel, w, place.w), h, place.h));
  return place;
}

/// Where [n, h, w, channel] lies in an array [.., height, width, c].
__device__ __forceinline__ std::int64_t element(int n, int h, int w, int channel, int height,
                                                int width, int c) {
  return ((static_cast<std::int64_t>(n) * height + h) * width + w) * c + channel;
}

/// Pixels or places of windows along one axis.
struct AxisRange {
  int begin, end;

  __device__ __forceinline__ int size() const { return end - begin; }
};

/// Walks over `columns` pixels of a row, then on to the next row, from `from` on.
struct WindowWalk {
  const float* from;
  int columns;
  std::int64_t column_step, row_step;  // floats to the next one
  int column = 0;

  /// Whether that ended a row.
  __device__ __forceinline__ bool advance() {
    from += column_step;
    if (++column < columns) return false;
    from += row_step - columns * column_step;
    column = 0;
    return true;
  }
};

/// The launch of a thread for each pack of [n, h, w, c].
template <int kWidth>
LaunchShape pixel_launch(int n, int h, int w, int c,
                         std::source_location where = std::source_location::current()) {
  const std::int64_t packs = std::int64_t{n} * h * w * (c / kWidth);
  return {.grid = blocks_for(packs, kPixelThreads), .block = kPixelThreads, .where = where};
}

/// Whether `address` allows access to a pack of four.
template <class T>
bool takes_packs(const T* address) {
  return reinterpret_cast<std::uintptr_t>(address) % alignof(Pack<T, 4>) == 0;
}

/// Calls run.template operator()<4>() where packs of four channels are possible, else <1>.
template <class Run, class... T>
void with_pack_width(int c, Run run, const T*... arrays) {
  if (c % 4 == 0 && (takes_packs(arrays) && ...))
    run.template operator()<4>();
  else
    run.template operator()<1>();
}

}  // namespace weft::kernels
