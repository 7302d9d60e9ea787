#pragma once

// Loads and stores of 16 bytes (four floats) a thread: a warp's request then covers four whole cache
// lines, and four times fewer instructions wait for memory than with single floats.

#include <cstdint>

#include "weft/simt.h"

namespace weft::kernels {

/// Whether every pointer allows 16-byte access. For launchers.
template <class... Pointers>
bool are_aligned16(const Pointers*... pointers) {
  return ((reinterpret_cast<std::uintptr_t>(pointers) % 16 == 0) && ...);
}

/// 16-byte access; the address has to be a multiple of 16.
__device__ __forceinline__ float4 load4(const float* address) {
  return *reinterpret_cast<const float4*>(address);
}
__device__ __forceinline__ void store4(float* address, float4 value) {
  *reinterpret_cast<float4*>(address) = value;
}

/// The same to global memory as one instruction of PTX, for where scripts/check_wide_access finds that the compiler
/// has made four stores of one.
__device__ __forceinline__ void store4_global(float* address, float4 value) {
#if defined(__CUDACC__)
  asm volatile(
      "st.global.v4.f32 [%0], {%1, %2, %3, %4};\n" ::"l"(__cvta_generic_to_global(address)),
      "f"(value.x), "f"(value.y), "f"(value.z), "f"(value.w)
      : "memory");
#else
  store4(address, value);
#endif
}

/// Columns column .. column + 3 of a row of `cols`; `fill` past its end. Where `aligned` (the row starts
/// on 16 bytes and cols % 4 == 0) in one access, else one by one.
__device__ __forceinline__ float4 load_quad(const float* row, std::int64_t column,
                                            std::int64_t cols, bool aligned, float fill) {
  float4 quad = make_float4(fill, fill, fill, fill);
  if (aligned) {
    if (column < cols) quad = load4(row + column);
  } else {
    if (column < cols) quad.x = row[column];
    if (column + 1 < cols) quad.y = row[column + 1];
    if (column + 2 < cols) quad.z = row[column + 2];
    if (column + 3 < cols) quad.w = row[column + 3];
  }
  return quad;
}

__device__ __forceinline__ void store_quad(float* row, std::int64_t column, std::int64_t cols,
                                           bool aligned, float4 quad) {
  if (aligned) {
    if (column < cols) store4(row + column, quad);
  } else {
    if (column < cols) row[column] = quad.x;
    if (column + 1 < cols) row[column + 1] = quad.y;
    if (column + 2 < cols) row[column + 2] = quad.z;
    if (column + 3 < cols) row[column + 3] = quad.w;
  }
}

}  // namespace weft::kernels
