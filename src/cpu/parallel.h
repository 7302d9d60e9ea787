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

}  // namespace weft::cpu
