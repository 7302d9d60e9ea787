#pragma once

#include <cstdint>

namespace weft::cpu {

inline constexpr std::int64_t kWorthAFork = 1
                                            << 15;  // elements; waking the threads costs some 5 us

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
