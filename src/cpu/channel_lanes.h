#pragma once

// How the batch normalisation of a matrix [rows, c] goes over it: by chunks of rows, which the threads share,
// and in a chunk by groups of neighbouring channels, whose sums stay in vector registers.

#include <algorithm>
#include <cstdint>

#include "src/cpu/parallel.h"

namespace weft::cpu {

inline constexpr std::int64_t kChunk =
    4096;  // elements: they stay in the first-level cache between two passes

/// Chunks of rows that depend on c alone: so do the bits of what is summed up.
struct Chunks {
  std::int64_t rows, c, rows_of_chunk, count;

  Chunks(std::int64_t rows_, std::int64_t c_) : rows(rows_), c(c_) {
    rows_of_chunk = std::max<std::int64_t>(kChunk / std::max<std::int64_t>(c, 1), 16);
    count = c == 0 ? 0 : (rows + rows_of_chunk - 1) / rows_of_chunk;
  }
  /// Calls body(chunk, first row, end row), over the threads.
  template <class Body>
  void for_each(Body body) const {
    parallel_for(count, rows * c, [=, *this](std::int64_t chunk) {
      const std::int64_t begin = chunk * rows_of_chunk;
      body(chunk, begin, std::min(begin + rows_of_chunk, rows));
    });
  }
};

/// Calls body<kLanes>(first) for groups of neighbouring channels, whose sums then stay in registers.
template <class Body>
void for_lanes(std::int64_t c, Body body) {
  std::int64_t first = 0;
  for (; first + 16 <= c; first += 16) body.template operator()<16>(first);
  for (; first + 8 <= c; first += 8) body.template operator()<8>(first);
  for (; first + 4 <= c; first += 4) body.template operator()<4>(first);
  for (; first < c; ++first) body.template operator()<1>(first);
}

/// Values of kLanes channels, or `otherwise` where there is no array.
template <int kLanes, class T>
struct Lanes {
  T of[kLanes];

  Lanes(const T* from, T otherwise) {
    for (int k = 0; k < kLanes; ++k) of[k] = from == nullptr ? otherwise : from[k];
  }
  void store(T* to) const { std::copy(of, of + kLanes, to); }
};

template <class T>
const T* at(const T* array, std::int64_t i) {
  return array == nullptr ? nullptr : array + i;
}

}  // namespace weft::cpu
