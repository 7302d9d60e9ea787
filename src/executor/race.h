#pragma once

// What the executor tells the race detector (executor builds with WEFT_RACE; nothing otherwise). The
// detector keeps a vector clock for every thread and a shadow of every byte of shared and device memory:
// two accesses race where the later one's thread does not know that the earlier one is over.

#include <cstddef>

#include "weft/simt.h"

namespace weft::executor::race {

#if defined(WEFT_RACE)
inline constexpr bool kEnabled = true;
#else
inline constexpr bool kEnabled = false;
#endif

}  // namespace weft::executor::race
