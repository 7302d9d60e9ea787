#pragma once

// Vectors through GCC's types, for the few loops that must keep their sums in registers. A function for AVX2 and one for
// any processor come from one template, and the processor says which of them runs.

#include <cstddef>
#include <cstdint>

namespace weft::cpu {

/// Neighbouring numbers that are computed together: a cache line, two vectors of AVX2.
template <class T>
inline constexpr std::int64_t kLineLength = 64 / sizeof(T);

template <class T>
struct alignas(64) Line {
  T of[kLineLength<T>];
};

/// The numbers of lines, of which there may be none, as one array.
template <class T>
T* numbers_of(Line<T>* lines) {
  return reinterpret_cast<T*>(lines);
}

template <class T, std::size_t kBytes>
struct VectorOf {
  typedef T Type __attribute__((vector_size(kBytes)));
};

inline constexpr std::size_t kWideVector = 32;    // bytes: AVX2
inline constexpr std::size_t kNarrowVector = 16;  // any processor

#if defined(__x86_64__)
#define WEFT_AVX2 [[gnu::target("avx2,fma")]]
inline bool has_avx2() {
  static const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return has;
}
#else
#define WEFT_AVX2
inline bool has_avx2() { return false; }
#endif

}  // namespace weft::cpu
