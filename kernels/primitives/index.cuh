#pragma once

// Which thread does what, in 64 bits: a tensor may hold more elements than an int can count.

#include <cstdint>
#include <limits>
#include <string>

#include "weft/simt.h"

namespace weft::kernels {

/// The index of this thread in a one-dimensional grid.
__device__ __forceinline__ std::int64_t grid_thread() {
  return static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// Blocks for `work` items, `per_block` to each. Throws ShapeError beyond what a grid can hold.
inline unsigned blocks_for(std::int64_t work, std::int64_t per_block) {
  const std::int64_t blocks = ceil_div(work, per_block);
  if (blocks > std::numeric_limits<std::int32_t>::max())
    throw ShapeError("launch: expected at most 2147483647 blocks, got " + std::to_string(blocks));
  return static_cast<unsigned>(blocks);
}

/// Division by a number that the host knows, as a multiplication: exact for 0 <= x < 2^31. A divisor of 0, of
/// an empty array, counts as 1
/// (Granlund and Montgomery, Division by Invariant Integers using Multiplication, PLDI 1994).
struct Divisor {
  unsigned multiplier = 0;
  int shift = 0;

  explicit Divisor(int divisor) {
    if (divisor < 1) divisor = 1;
    while ((std::int64_t{1} << shift) < divisor) ++shift;
    const std::uint64_t power = std::uint64_t{1} << (32 + shift),
                        d = static_cast<std::uint64_t>(divisor);
    multiplier = static_cast<unsigned>((power + d - 1) / d - (std::uint64_t{1} << 32));
  }
  __device__ __forceinline__ int quotient(int x) const {
    const unsigned dividend = static_cast<unsigned>(x);
    return static_cast<int>((__umulhi(dividend, multiplier) + dividend) >> shift);
  }
};

}  // namespace weft::kernels
