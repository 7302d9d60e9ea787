#pragma once

// The race detector's memory of memory: for each byte of a region who touched it last.

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace weft::executor::race {

/// One access to a byte, by a thread at its time. Blocks are numbered from 1 as they begin, so zeros are no
/// access. Packed by hand: comparing them is most of the work.
class Access {
 public:
  Access() = default;
  Access(std::uint64_t block, unsigned thread, std::uint64_t time, bool is_write, bool is_atomic,
         std::int32_t place)
      : when_(static_cast<std::uint32_t>(time << 2 | (is_write ? 2u : 0u) | (is_atomic ? 1u : 0u))),
        who_(static_cast<std::uint32_t>(block << 10 | thread)),
        place_(place) {}

  bool is_none() const { return who_ == 0; }
  std::uint32_t time() const { return when_ >> 2; }
  bool is_write() const { return (when_ & 2) != 0; }
  bool is_atomic() const { return (when_ & 1) != 0; }
  std::uint32_t block() const { return who_ >> 10; }
  std::uint32_t thread() const { return who_ & 1023; }
  std::int32_t place() const { return place_; }  // in the source, for reports

  bool same_thread(const Access& other) const { return who_ == other.who_; }
  bool same_warp(const Access& other) const { return who_ >> 5 == other.who_ >> 5; }
  /// Whether the thread has done just this before, as far as others can see.
  bool repeats(const Access& other) const { return who_ == other.who_ && when_ == other.when_; }
  /// Two reads do not conflict, nor do two atomic accesses.
  bool conflicts(const Access& other) const {
    return ((when_ | other.when_) & 2) != 0 && (when_ & other.when_ & 1) == 0;
  }

 private:
  std::uint32_t when_ = 0, who_ = 0;
  std::int32_t place_ = 0;
};
static_assert(sizeof(Access) == 12);
inline constexpr std::uint64_t kMaxTime = (1u << 30) - 1, kMaxBlock = (1u << 22) - 1;

/// The last write, and two reads or atomic updates since that are not ordered with each other.
struct Cell {
  Access write, others[2];
};

enum class State : std::uint8_t { outside, uninitialised, in_copy, initialised };

/// Memory under watch, aligned to words of four bytes. There is a cell for every byte, but mostly the first
/// one speaks for its whole word; a word that was touched in part is split from then on until it is written
/// whole. Cells and states are mapped when first touched and start as zeros.
class Region {
 public:
  static constexpr std::size_t kWord = 4;

  Region() = default;
  /// Watches memory that is there already. Throws DeviceError.
  Region(const void* begin, std::size_t bytes);

  const void* begin() const { return begin_; }
  bool holds(const void* address) const {
    return reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(begin_) <
           bytes_;
  }
  std::size_t offset(const void* address) const {
    return static_cast<std::size_t>(static_cast<const unsigned char*>(address) - begin_);
  }
  Cell& cell(std::size_t offset) const { return cells_[offset]; }

  State state(std::size_t offset) const { return State(states_[offset] & kStates); }
  void initialise(std::size_t offset) const {
    states_[offset] = static_cast<std::uint8_t>((states_[offset] & kSplit) | kInitialised);
  }
  /// By the offset of a word's first byte.
  bool is_initialised_and_whole(std::size_t word) const {
    std::uint32_t four;
    std::memcpy(&four, states_ + word, sizeof four);
    return four == 0x01010101u * kInitialised;
  }
  bool is_split(std::size_t word) const { return (states_[word] & kSplit) != 0; }
  void split(std::size_t word) const;
  void join(std::size_t word) const { states_[word] &= kStates; }

  void set_states(const void* first, std::size_t count, State state) const;
  void forget_cells(const void* first, std::size_t count) const;  // as if nobody had touched them
  void forget_cells() const { forget_cells(begin_, bytes_); }

 private:
  static constexpr std::uint8_t kStates = 0x7F, kSplit = 0x80;
  static constexpr std::uint8_t kInitialised = static_cast<std::uint8_t>(State::initialised);

  const unsigned char* begin_ = nullptr;
  std::size_t bytes_ = 0;
  Cell* cells_ = nullptr;           // [bytes]
  std::uint8_t* states_ = nullptr;  // [bytes]
};

/// Zeroed address space that takes memory where it is touched. Throws DeviceError.
void* reserve(std::size_t bytes);
void give_back_pages(void* memory, std::size_t bytes);  // whole pages inside; they read as 0 again

/// What race::allocate() serves from.
const Region& device_memory();

}  // namespace weft::executor::race
