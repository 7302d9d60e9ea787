#pragma once

#include <cstddef>
#include <vector>

#include "weft/simt.h"

namespace weft::executor {

struct Thread;

/// The cp.async copies that the threads of a block have under way. A copy lands as late as the
/// kernel allows, in the wait that covers its group, so that a wait that covers too little shows.
class AsyncCopies {
 public:
  void begin_block(unsigned threads);
  void issue(unsigned thread, void* shared, const void* global, std::size_t bytes,
             std::size_t valid_bytes, Site at);
  void commit(unsigned thread);
  void wait(unsigned thread, int newest_groups_in_flight);
  /// The place of the oldest copy that the thread has not waited for, or null.
  const Site* oldest(unsigned thread) const;

 private:
  struct Copy {
    void* shared;
    const void* global;
    std::size_t bytes, valid_bytes;
    Site site;
  };
  struct Queue {                          // of one thread
    std::vector<Copy> copies;             // oldest first
    std::vector<std::size_t> group_ends;  // copies.size() at each commit
  };
  std::vector<Queue> queues_;
  bool used_ = false;  // by this block
};

}  // namespace weft::executor
