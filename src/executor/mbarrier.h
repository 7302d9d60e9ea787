#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "weft/simt.h"

namespace weft::executor {

struct ResidentBlock;

/// On whose behalf an instruction takes effect, which may be long after it was issued.
struct Issuer {
  ResidentBlock* block;
  unsigned thread;
  Site site;
  [[noreturn]] void fail(const std::string& what) const;
};

/// The mbarriers in a block's shared memory, and its threads that wait at one.
class Mbarriers {
 public:
  void begin_block();
  void init(const Issuer& issuer, std::uint64_t* barrier, unsigned count);
  void fence_init(unsigned thread);
  void arrive(const Issuer& issuer, std::uint64_t* barrier, unsigned expected_bytes);
  /// Whether the phase of this parity has ended; otherwise the end of the phase wakes the issuer.
  bool try_wait(const Issuer& issuer, std::uint64_t* barrier, unsigned parity);
  /// That a copy may report to the barrier.
  void check_for_copy(const Issuer& issuer, std::uint64_t* barrier) const;
  void complete_bytes(const Issuer& issuer, std::uint64_t* barrier, std::size_t bytes);
  /// " (1 of 2 arrivals and 64 bytes are missing in its phase of parity 0)"; empty where it does not wait.
  std::string wait_of(unsigned thread) const;

 private:
  struct State {        // what the 64 bits hold
    int missing_bytes;  // below 0 where bytes have landed before they were expected
    unsigned missing, count, parity;
  };
  struct Known {  // a barrier that was initialised
    std::uint64_t* barrier;
    std::uint64_t
        bits;  // what this class wrote there last: anything else was written by somebody else
    unsigned thread;  // that initialised it
    bool is_fenced;
  };
  struct Wait {
    unsigned thread;
    const std::uint64_t* barrier;
    unsigned parity;
  };
  static State unpack(std::uint64_t bits);
  static std::uint64_t pack(const State& state);
  std::size_t checked(const Issuer& issuer, const std::uint64_t* barrier) const;
  void expect(const Issuer& issuer, State& state, std::int64_t bytes) const;
  void store(ResidentBlock& block, Known& known, State state);

  std::vector<Known> known_;
  std::vector<Wait> waits_;
};

}  // namespace weft::executor
