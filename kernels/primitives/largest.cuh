#pragma once

// The largest of several values and where it stands: the first of equals, the first NaN of any.

#include <cmath>
#include <cstdint>

#include "weft/simt.h"

namespace weft::kernels {

struct Candidate {
  float value;
  std::int32_t place;
};

inline constexpr Candidate kNoCandidate{-INFINITY, 0x7fffffff};  // behind every place

struct Better {
  __device__ __forceinline__ Candidate operator()(Candidate a, Candidate b) const {
    const bool a_is_nan = a.value != a.value;
    const bool b_is_nan = b.value != b.value;
    const bool are_equal = a.value == b.value || (a_is_nan && b_is_nan);
    const bool a_wins = are_equal ? a.place < b.place : a_is_nan || a.value > b.value;
    return a_wins ? a : b;
  }
};

}  // namespace weft::kernels
