#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "weft/simt.h"

namespace weft::executor {

/// Over the 227 KiB of the largest model, for the gaps.
inline constexpr std::size_t kArenaBytes = 256 * 1024;

/// The shared memory of the block that runs on one OS thread: an arena with a gap after each array.
/// Every array starts as 0xFF bytes (NaN). Under AddressSanitizer all but the arrays is poisoned.
class SharedMemory {
 public:
  SharedMemory();
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  /// The next block declares its arrays anew.
  void begin_block(std::size_t dynamic_bytes, std::size_t limit_bytes);
  void* variable(SharedVariable& variable);
  void* dynamic();
  bool contains(const void* begin, std::size_t bytes) const;
  const unsigned char* arena() const { return arena_; }  // of kArenaBytes

 private:
  struct Slot {  // of one WEFT_SHARED declaration
    void* memory = nullptr;
    std::uint64_t block = 0;  // for which it is valid
  };
  void* carve(std::size_t bytes, std::size_t alignment);

  std::unique_ptr<unsigned char[]> storage_;
  unsigned char* arena_;    // in storage_, aligned
  std::size_t end_ = 0;     // of what the block has taken, gaps included
  std::size_t high_ = 0;    // the largest end_ since the arena was poisoned
  std::size_t static_ = 0;  // bytes of the block's WEFT_SHARED arrays, as the device counts them
  std::size_t dynamic_bytes_ = 0, limit_ = 0;
  std::uint64_t block_ = 0;
  Slot dynamic_slot_;
  std::vector<Slot> slots_;  // by SharedVariable::id
};

}  // namespace weft::executor
