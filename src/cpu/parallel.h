#pragma once

#include <cstdint>

namespace weft::cpu {

/// Elements from which on a loop is shared among the threads. Waking them costs some 5 us where the
/// cores are idle, and milliseconds where something else has one of them: OpenMP's threads spin.
inline constexpr std::int64_t kWorthAFork = std::int64_t{1} << 18;

/// Calls body(i) for i in 0..count-1, over the threads where `work` (elements, all in all) is worth it.
/// Each i must write outputs of its own.
template <class Body>
void parallel_for(std::int64_t count, std::int64_t work, Body body) {
  if (work < kWorthAFork || count < 2) {
    for (std::int64_t i = 0; i < count; ++i) body(i);
    return;
  }
#pragma omp parallel for schedule(static)
  for (std::int64_t i = 0; i < count; ++i) body(i);
}

/// Calls body(i) for i in 0..size-1, in vectors, and over the threads where it is worth it. body(i) reads and writes
/// element i of its arrays alone, which may be the same array.
template <class Body>
void for_each_element(std::int64_t size, Body body) {
  if (size < kWorthAFork) {  // no OpenMP region, which even on one thread costs system calls
    const Body own = body;   // whose pointers no store can change, as far as the compiler sees
#pragma omp simd
    for (std::int64_t i = 0; i < size; ++i) own(i);
    return;
  }
#pragma omp parallel for simd schedule(static) firstprivate(body)
  for (std::int64_t i = 0; i < size; ++i) body(i);
}

/// y[r, c] (+)= value(r, c), for y [rows, cols].
template <class T, class Value>
void write_elements(T* y, bool add, std::int64_t rows, std::int64_t cols, Value value) {
  parallel_for(rows, rows * cols, [=](std::int64_t r) {
    T* const row = y + r * cols;
    for (std::int64_t c = 0; c < cols; ++c) row[c] = add ? row[c] + value(r, c) : value(r, c);
  });
}

}  // namespace weft::cpu
