#pragma once

// Memory for tensors. Sizes are rounded up to classes, eight to each doubling (at most an eighth is
// wasted), and a block that is given back waits in the list of its class for the next taker. On the gpu
// every stream has lists of its own: work on a stream runs in order, so a block may be taken again on
// that stream while kernels that used it are still queued, and nothing ever waits.

#include <array>
#include <cstddef>
#include <mutex>
#include <vector>

#include "weft/device.h"
#include "weft/stream.h"

namespace weft {

struct PoolStatistics {
  std::size_t in_use = 0;       // bytes handed out, as rounded
  std::size_t peak = 0;         // the most there were in use
  std::size_t cached = 0;       // bytes waiting for a taker
  std::size_t from_device = 0;  // allocations that the lists could not serve
};

class Pool {
 public:
  explicit Pool(Device device) : device_(device) {}
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// At least `bytes` (> 0) bytes, aligned to 64, uninitialised. Throws DeviceError where there are
  /// none left, also after giving the cache back. Never waits otherwise.
  void* allocate(std::size_t bytes, StreamView stream);
  /// Gives back what allocate(bytes, stream) returned. Never waits.
  void release(void* memory, std::size_t bytes, StreamView stream) noexcept;

  /// `stream` is idle and ends: its blocks pass to `heir`, now and when their tensors die.
  void forget(StreamView stream, StreamView heir);
  void trim();  // gives the cache back to the device; waits
  PoolStatistics statistics() const;

 private:
  static constexpr std::size_t kClasses = 336;
  struct Lists {
    StreamView stream;
    std::array<std::vector<void*>, kClasses> blocks;
  };
  Lists* find(StreamView stream);      // null: allocated nothing so far, or forgotten
  Lists& lists_of(StreamView stream);  // made where there are none
  void* take_from_device(std::size_t bytes, StreamView stream);
  void give_to_device(void* memory, StreamView stream) noexcept;
  void trim_locked();

  const Device device_;
  mutable std::mutex mutex_;
  std::vector<Lists> streams_;
  StreamView heir_;  // of the streams that were forgotten
  PoolStatistics statistics_;
};

/// The pool of a device. It is never destroyed: tensors in static objects may outlive any order of
/// destruction, and at exit the system takes the memory anyway.
Pool& pool_of(Device device);

/// Whether freed blocks are kept. Not under AddressSanitizer and in race builds: there every block is
/// fresh, has exactly the bytes asked for, and starts as 0xFF (NaN), so that reading past its end or after
/// its end shows.
#if defined(__SANITIZE_ADDRESS__) || defined(WEFT_RACE)
inline constexpr bool kPoolCaches = false;
#else
inline constexpr bool kPoolCaches = true;
#endif

}  // namespace weft
