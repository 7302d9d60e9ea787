#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "src/executor/mbarrier.h"
#include "weft/simt.h"

namespace weft::executor {

/// The bulk copies into a block's shared memory that are under way. A copy lands as late as the kernel
/// allows: when nothing else can run, or by chance in random order.
class BulkCopies {
 public:
  void begin_block() { copies_.clear(); }
  void issue(const Issuer& issuer, void* shared, const void* global, std::size_t bytes,
             std::uint64_t* barrier);
  /// The copy `position`, 0 being the oldest, writes its bytes and reports them to its mbarrier.
  void land(std::size_t position);
  std::size_t under_way() const { return copies_.size(); }
  /// Throws where a copy is under way.
  void check_at_the_end() const;

 private:
  struct Copy {
    Issuer issuer;
    unsigned char* shared;
    const void* global;
    std::size_t bytes;
    std::uint64_t* barrier;
    std::uint64_t number;  // the race detector's
  };
  std::vector<Copy> copies_;  // oldest first
};

}  // namespace weft::executor
