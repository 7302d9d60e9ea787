#pragma once

// Elements side by side that one access moves, of any type: where float4 is for floats alone.

namespace weft::kernels {

/// kWidth elements of T; its address is a multiple of its size, which has to be 1, 2, 4, 8 or 16 bytes.
template <class T, int kWidth>
struct alignas(kWidth * sizeof(T)) Unit {
  static_assert(kWidth * sizeof(T) <= 16, "no access is wider");
  T value[kWidth];
};

}  // namespace weft::kernels
