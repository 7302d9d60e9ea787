#pragma once

// Loops over arrays of `size` elements, the same for every element: a thread takes a quad, four neighbouring
// floats, as one access of 16 bytes where the arrays start on 16 bytes, and the last size % 4 elements one
// by one.

#include "kernels/primitives/index.cuh"
#include "kernels/primitives/vector.cuh"

namespace weft::kernels {

inline constexpr int kFlatThreads = 256;  // of a block
inline constexpr int kQuad = 4;           // floats of a thread
inline constexpr std::int64_t kFlatBlock = std::int64_t{kFlatThreads} * kQuad;  // floats of a block
static_assert(kQuad * sizeof(float) == 16);

/// A thread's quad begins at element `first`; `whole` where it can be moved at once.
struct FlatPlace {
  std::int64_t first;
  bool whole;

  __device__ __forceinline__ FlatPlace(std::int64_t size, bool aligned) {
    first = grid_thread() * kQuad;
    whole = aligned && first + kQuad <= size;
  }
};

/// y[r, c] (+)= value(r, c), for y [.., cols] of `size` elements: a thread's quad of them.
template <class Value>
__device__ __forceinline__ void write_elements(float* y, bool add, std::int64_t size,
                                               std::int64_t cols, bool aligned, Value value) {
  const auto [first, whole] = FlatPlace(size, aligned);
  if (first >= size) return;
  std::int64_t row = first / cols, column = first - row * cols;
  float values[kQuad];
  WEFT_UNROLL
  for (int k = 0; k < kQuad; ++k) {
    values[k] = first + k < size ? value(row, column) : 0.0f;
    if (++column == cols) column = 0, ++row;
  }
  float4 quad = make_float4(values[0], values[1], values[2], values[3]);
  if (add) {
    const float4 old = load_quad(y, first, size, whole, 0.0f);
    quad = make_float4(old.x + quad.x, old.y + quad.y, old.z + quad.z, old.w + quad.w);
  }
  store_quad(y, first, size, whole, quad);
}

/// The launch of a flat loop.
inline LaunchShape flat_launch(std::int64_t size,
                               std::source_location where = std::source_location::current()) {
  return {.grid = blocks_for(size, kFlatBlock), .block = kFlatThreads, .where = where};
}

}  // namespace weft::kernels
