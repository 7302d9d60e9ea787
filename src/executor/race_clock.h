#pragma once

// What the threads of a block know to be over. Time is one counter a block, which every meeting and every
// release moves on; "until t" means everything before time t.

#include <array>
#include <cstdint>
#include <vector>

#include "src/executor/race_shadow.h"

namespace weft::executor::race {

/// Until when a thread, a warp or a whole block is known. Sorted; mostly empty or short.
class Knowledge {
 public:
  void learn_thread(std::uint64_t block, unsigned thread, std::uint64_t until) {
    learn(key(block, thread), until);
  }
  void learn_warp(std::uint64_t block, unsigned warp, std::uint64_t until) {
    learn(key(block, kWarps + warp), until);
  }
  void learn_block(std::uint64_t block, std::uint64_t until) { learn(key(block, kBlock), until); }
  void learn(const Knowledge& other);
  bool covers(const Access& access) const;
  bool is_empty() const { return entries_.empty(); }
  void clear() { entries_.clear(); }

 private:
  struct Entry {
    std::uint64_t who, until;
  };
  static constexpr unsigned kWarps = 1024, kBlock = 1024 + 32;  // after the threads of a block
  static std::uint64_t key(std::uint64_t block, unsigned part) { return block << 16 | part; }
  void learn(std::uint64_t who, std::uint64_t until);
  std::uint64_t until(std::uint64_t who) const;  // 0: nothing known

  std::vector<Entry> entries_;
};

class BlockClock {
 public:
  void begin(std::uint64_t block, unsigned threads);
  std::uint64_t block() const { return block_; }
  std::uint64_t now() const { return now_; }

  /// The thread's own time, with which its accesses are marked.
  std::uint64_t time(unsigned thread) const {
    const std::uint64_t met = warp_floor_[thread / 32] > floor_ ? warp_floor_[thread / 32] : floor_;
    return time_[thread] > met ? time_[thread] : met;
  }
  /// Whether `thread` knows that an access of this launch is over.
  bool knows(unsigned thread, Access access) const {
    if (access.block() == block_) {
      if (access.thread() == thread || access.time() < floor_) return true;
      if (access.thread() / 32 == thread / 32 && access.time() < warp_floor_[thread / 32])
        return true;
    }
    return has_more_ && (common_.covers(access) || own_[thread].covers(access));
  }

  void all_met();
  void lanes_met(unsigned warp, unsigned lanes);
  /// What the thread knows and did so far; its time moves on.
  Knowledge release(unsigned thread);
  void acquire(unsigned thread, const Knowledge& knowledge);

 private:
  std::uint64_t block_ = 0, now_ = 0, floor_ = 0;  // floor: known to all threads of the block
  unsigned threads_ = 0;
  std::array<std::uint64_t, 32> warp_floor_{};  // known to all lanes of the warp, of its own lanes
  std::vector<std::uint64_t> time_;             // [threads]
  bool has_more_ = false;                       // whether any of the following is not empty
  Knowledge common_;                            // of all threads
  std::vector<Knowledge> own_;                  // of each thread since the last barrier
};

}  // namespace weft::executor::race
