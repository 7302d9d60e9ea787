#pragma once

// What belongs to one block of a grid from its first to its last instruction. An ordinary launch has one
// resident block on an OS thread at a time, a cooperative launch all of its blocks on one OS thread.

#include <cstdint>
#include <vector>

#include "src/executor/async_copy.h"
#include "src/executor/bulk_copy.h"
#include "src/executor/mbarrier.h"
#include "src/executor/shared_memory.h"
#include "weft/simt.h"

namespace weft::executor {

struct Fiber;

constexpr unsigned kWarpSize = 32;
constexpr unsigned kMaxThreads = 1024;  // of a block
constexpr unsigned kMaxWarps = kMaxThreads / kWarpSize;

struct Thread {
  ThreadContext context{};
  Fiber* fiber = nullptr;            // null: not started yet
  WarpArgument* argument = nullptr;  // while it waits in a warp operation
  const char* waits_for = "";        // while it is parked
  Site site;                         // where it is parked
};

/// Lanes that wait for each other in one warp operation.
struct WarpGroup {
  unsigned mask, arrived;
  WarpOp op;
  Site site;
};

struct Warp {
  unsigned alive = 0, ready = 0;  // lanes; ready: can run now
  unsigned group_count = 0;
  WarpGroup groups[kWarpSize];
};

struct ResidentBlock {
  unsigned number = 0;  // among those that live together
  BlockContext context{};
  std::vector<Thread> threads;
  unsigned warp_count = 0, live = 0;          // live: threads that have not left the kernel
  unsigned available = 0;                     // bit r: the warp of rank r has a lane that can run
  std::uint8_t rank_of[kMaxWarps] = {};       // by warp
  std::uint8_t warp_of_rank[kMaxWarps] = {};  // its inverse
  dim3 indexed_for{0, 0, 0};                  // the block shape that threads has the indices of
  Warp warps[kMaxWarps];

  unsigned arrived = 0;  // at the barrier
  int predicate_sum = 0, predicate_result = 0;
  Site barrier_site;

  SharedMemory shared;
  AsyncCopies copies;
  Mbarriers mbarriers;
  BulkCopies bulk_copies;

  /// Becomes the block `index` of a grid; its threads are those of a new block.
  void begin(const Grid& grid, uint3 index, std::size_t shared_limit);
  /// A parked thread can go on.
  void wake(unsigned thread);
  bool is_alive(unsigned thread) const {
    return (warps[thread / kWarpSize].alive >> thread % kWarpSize & 1) != 0;
  }
};

inline void ResidentBlock::wake(unsigned thread) {
  const unsigned warp = thread / kWarpSize;
  warps[warp].ready |= 1u << thread % kWarpSize;
  available |= 1u << rank_of[warp];
}

}  // namespace weft::executor
