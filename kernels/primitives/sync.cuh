#pragma once

// Order between threads of different blocks: counters and flags in global memory with release and acquire
// (PTX ISA, Memory Consistency Model), at the scope of the device. What a thread wrote before a release is
// seen by whoever acquires what was released. Plain atomics order nothing.

#include "weft/simt.h"

namespace weft::kernels {
// add_release_acquire, load_acquire, store_release, wait_at_least, is_last_block
}  // namespace weft::kernels
