#pragma once

// Tensor core instructions: one function an instruction, called by all 32 lanes of a warp together. A
// fragment is the part of a matrix that one lane holds in its registers: 32 bits each, which are two
// 16-bit elements (the lower index in the lower half) or one tf32. Layouts: PTX ISA, "Matrix Fragments
// for mma.m16n8k16 / m16n8k8"; with g = lane / 4 and t = lane % 4
//
//   A [16][16]  elements 0..7  row g (+8 for 2, 3, 6, 7)   column 2t + i % 2 (+8 from 4)
//   B [16][8]   elements 0..3  row 2t + i % 2 (+8 from 2)  column g
//   C [16][8]   elements 0..3  row g (+8 from 2)           column 2t + i % 2
//   A [16][8]   tf32, 0..3     row g (+8 for 1, 3)         column t (+4 from 2)
//   B [8][8]    tf32, 0..1     row t (+4 for 1)            column g

#include <cstdint>

#include "weft/simt.h"

namespace weft::kernels {

/// Where an element of a fragment is in its matrix.
struct FragmentPlace {
  int row, column;
};
__host__ __device__ constexpr FragmentPlace mma_a_place(int lane, int i) {  // A [16][16]
  return {lane / 4 + 8 * (i / 2 % 2), 2 * (lane % 4) + i % 2 + 8 * (i / 4)};
}
__host__ __device__ constexpr FragmentPlace mma_b_place(int lane, int i) {  // B [16][8]
  return {2 * (lane % 4) + i % 2 + 8 * (i / 2), lane / 4};
}
__host__ __device__ constexpr FragmentPlace mma_c_place(int lane, int i) {  // C [16][8]
  return {lane / 4 + 8 * (i / 2), 2 * (lane % 4) + i % 2};
}
__host__ __device__ constexpr FragmentPlace mma_a_tf32_place(int lane, int i) {  // A [16][8]
  return {lane / 4 + 8 * (i % 2), lane % 4 + 4 * (i / 2)};
}
__host__ __device__ constexpr FragmentPlace mma_b_tf32_place(int lane, int i) {  // B [8][8]
  return {lane % 4 + 4 * i, lane / 4};
}

#if defined(__CUDACC__)

/// Loads `Matrices` (1, 2 or 4) matrices [8][8] of 16-bit elements from shared memory. Lane 8m + r gives
/// the address of row r of matrix m, a multiple of 16 bytes; other lanes' addresses are not used. Lane l
/// gets of matrix m, in registers[m], row l / 4, columns 2 (l % 4) and the next; Transposed: of its
/// transpose.
template <int Matrices, bool Transposed = false>
__device__ __forceinline__ void ldmatrix(std::uint32_t (&registers)[Matrices], const void* row) {
  static_assert(Matrices == 1 || Matrices == 2 || Matrices == 4);
  const auto address = static_cast<unsigned>(__cvta_generic_to_shared(row));
  if constexpr (Matrices == 1 && !Transposed)
    asm volatile("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%0}, [%1];\n"
                 : "=r"(registers[0])
                 : "r"(address)
                 : "memory");
  else if constexpr (Matrices == 1)
    asm volatile("ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16 {%0}, [%1];\n"
                 : "=r"(registers[0])
                 : "r"(address)
                 : "memory");
  else if constexpr (Matrices == 2 && !Transposed)
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];\n"
                 : "=r"(registers[0]), "=r"(registers[1])
                 : "r"(address)
                 : "memory");
  else if constexpr (Matrices == 2)
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];\n"
                 : "=r"(registers[0]), "=r"(registers[1])
                 : "r"(address)
                 : "memory");
  else if constexpr (!Transposed)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];\n"
                 : "=r"(registers[0]), "=r"(registers[1]), "=r"(registers[2]), "=r"(registers[3])
                 : "r"(address)
                 : "memory");
  else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];\n"
                 : "=r"(registers[0]), "=r"(registers[1]), "=r"(registers[2]), "=r"(registers[3])
                 : "r"(address)
                 : "memory");
}

/// The way back of ldmatrix: same lanes, same addresses, same layout. sm_90 and later.
template <int Matrices, bool Transposed = false>
__device__ __forceinline__ void stmatrix(void* row, const std::uint32_t (&registers)[Matrices]) {
  static_assert(Matrices == 1 || Matrices == 2 || Matrices == 4);
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  const auto address = static_cast<unsigned>(__cvta_generic_to_shared(row));
  if constexpr (Matrices == 1 && !Transposed)
    asm volatile("stmatrix.sync.aligned.m8n8.x1.shared.b16 [%0], {%1};\n" ::"r"(address),
                 "r"(registers[0])
                 : "memory");
  else if constexpr (Matrices == 1)
    asm volatile("stmatrix.sync.aligned.m8n8.x1.trans.shared.b16 [%0], {%1};\n" ::"r"(address),
                 "r"(registers[0])
                 : "memory");
  else if constexpr (Matrices == 2 && !Transposed)
    asm volatile("stmatrix.sync.aligned.m8n8.x2.shared.b16 [%0], {%1, %2};\n" ::"r"(address),
                 "r"(registers[0]), "r"(registers[1])
                 : "memory");
  else if constexpr (Matrices == 2)
    asm volatile("stmatrix.sync.aligned.m8n8.x2.trans.shared.b16 [%0], {%1, %2};\n" ::"r"(address),
                 "r"(registers[0]), "r"(registers[1])
                 : "memory");
  else if constexpr (!Transposed)
    asm volatile(
        "stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1, %2, %3, %4};\n" ::"r"(address),
        "r"(registers[0]), "r"(registers[1]), "r"(registers[2]), "r"(registers[3])
        : "memory");
  else
    asm volatile(
        "stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 [%0], {%1, %2, %3, %4};\n" ::"r"(address),
        "r"(registers[0]), "r"(registers[1]), "r"(registers[2]), "r"(registers[3])
        : "memory");
#else
  __trap();
#endif
}

// The products are of sm_80 and later: on earlier ones a kernel that gets here stops.

/// c += a b of 16-bit elements: a [16][16], b [16][8], c [16][8] in float.
__device__ __forceinline__ void mma_bf16(float (&c)[4], const std::uint32_t (&a)[4],
                                         const std::uint32_t (&b)[2]) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};\n"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  __trap();
#endif
}
__device__ __forceinline__ void mma_f16(float (&c)[4], const std::uint32_t (&a)[4],
                                        const std::uint32_t (&b)[2]) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};\n"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  __trap();
#endif
}

/// c += a b in tf32: a [16][8], b [8][8], c [16][8] in float. Operands come from to_tf32.
__device__ __forceinline__ void mma_tf32(float (&c)[4], const std::uint32_t (&a)[4],
                                         const std::uint32_t (&b)[2]) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};\n"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  __trap();
#endif
}

/// To the nearest float with 10 mantissa bits, ties away from zero (cvt.rna.tf32).
__device__ __forceinline__ std::uint32_t to_tf32(float value) {
  std::uint32_t result = 0;
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm("cvt.rna.tf32.f32 %0, %1;\n" : "=r"(result) : "f"(value));
#else
  __trap();
#endif
  return result;
}

#else

template <int Matrices, bool Transposed = false>
void ldmatrix(std::uint32_t (&registers)[Matrices], const void* row,
              executor::Site at = executor::Site::current()) {
  static_assert(Matrices == 1 || Matrices == 2 || Matrices == 4);
  executor::load_matrices(registers, row, Matrices, Transposed, at);
}
template <int Matrices, bool Transposed = false>
void stmatrix(void* row, const std::uint32_t (&registers)[Matrices],
              executor::Site at = executor::Site::current()) {
  static_assert(Matrices == 1 || Matrices == 2 || Matrices == 4);
  executor::store_matrices(row, registers, Matrices, Transposed, at);
}
inline void mma_bf16(float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2],
                     executor::Site at = executor::Site::current()) {
  executor::multiply_matrices(executor::MatrixElement::bf16, c, a, b, at);
}
inline void mma_f16(float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2],
                    executor::Site at = executor::Site::current()) {
  executor::multiply_matrices(executor::MatrixElement::f16, c, a, b, at);
}
inline void mma_tf32(float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2],
                     executor::Site at = executor::Site::current()) {
  executor::multiply_matrices(executor::MatrixElement::tf32, c, a, b, at);
}
inline std::uint32_t to_tf32(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return 0x7FFFFFFFu;  // NaN, with the device's bits
  return (bits + 0x1000u) & ~0x1FFFu;
}

#endif

}  // namespace weft::kernels
