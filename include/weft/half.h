#pragma once

// The two 16-bit floats of tensor cores. Under nvcc they are CUDA's types; elsewhere types of the same bits,
// so that executor builds need no toolkit. Both sides: T(float) rounds to nearest even, float(T) is exact.

#if defined(__CUDACC__) || defined(__CUDA_RUNTIME_H__)
#include <cuda_bf16.h>
#include <cuda_fp16.h>

namespace weft {
/// @addtogroup tensors
/// @{

/// 1 sign, 8 exponent and 7 mantissa bits: the upper half of a float. bfloat16(x) rounds to nearest even, float(y)
/// is exact. CUDA's type under nvcc, elsewhere one of the same bits.
using bfloat16 = __nv_bfloat16;

/// IEEE 754 binary16: 1 sign, 5 exponent and 10 mantissa bits. float16(x) rounds to nearest even, float(y) is exact.
/// CUDA's type under nvcc, elsewhere one of the same bits.
using float16 = __half;

/// @}
}  // namespace weft
#else
#include <bit>
#include <cstdint>

namespace weft {

/// 1 sign, 8 exponent and 7 mantissa bits: the upper half of a float.
struct bfloat16 {
  std::uint16_t bits;

  bfloat16() = default;
  explicit constexpr bfloat16(float value) : bits(rounded(std::bit_cast<std::uint32_t>(value))) {}
  explicit constexpr operator float() const {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }

 private:
  static constexpr std::uint16_t rounded(std::uint32_t value) {
    if ((value & 0x7FFFFFFFu) > 0x7F800000u) return 0x7FFF;  // NaN, with the device's bits
    const std::uint32_t odd = value >> 16 & 1;
    return static_cast<std::uint16_t>((value + 0x7FFFu + odd) >> 16);
  }
};

/// IEEE 754 binary16: 1 sign, 5 exponent and 10 mantissa bits.
struct float16 {
  std::uint16_t bits;

  float16() = default;
  explicit constexpr float16(float value) : bits(rounded(std::bit_cast<std::uint32_t>(value))) {}
  explicit constexpr operator float() const {
    const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
    const std::uint32_t exponent = bits >> 10 & 0x1Fu, mantissa = bits & 0x3FFu;
    if (exponent == 0) {  // zero and subnormals: mantissa * 2^-24
      const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
      return sign != 0 ? -magnitude : magnitude;
    }
    const std::uint32_t wide = exponent == 31 ? 255u : exponent + (127 - 15);
    return std::bit_cast<float>(sign | wide << 23 | mantissa << 13);
  }

 private:
  static constexpr std::uint16_t rounded(std::uint32_t value) {
    const std::uint32_t sign = value >> 16 & 0x8000u, magnitude = value & 0x7FFFFFFFu;
    if (magnitude > 0x7F800000u) return 0x7FFF;  // NaN, with the device's bits
    std::uint32_t result = 0;
    if (magnitude >= 0x47800000u) {  // 2^16 and more
      result = 0x7C00;
    } else if (magnitude >= 0x38800000u) {  // 2^-14 and more: a carry may go on to infinity
      const std::uint32_t odd = magnitude >> 13 & 1;
      result = (magnitude - (112u << 23) + 0xFFFu + odd) >> 13;
    } else if (magnitude >= 0x33000000u) {  // 2^-25 and more: subnormal
      const std::uint32_t mantissa = (magnitude & 0x7FFFFFu) | 0x800000u;
      const std::uint32_t shift = 126 - (magnitude >> 23);  // 14 to 24
      const std::uint32_t half = 1u << (shift - 1), odd = mantissa >> shift & 1;
      result = (mantissa + half - 1 + odd) >> shift;
    }
    return static_cast<std::uint16_t>(sign | result);
  }
};

}  // namespace weft
#endif
