#pragma once

// What the executor tells the race detector, which race builds alone have (WEFT_RACE). The detector keeps
// for every byte of shared and of device memory who touched it last, and for every thread what it knows
// to be over. Two accesses, one of them a write, race where the later one's thread does not know that the
// earlier one is over, in whichever order they happened to run. Of what a thread knows:
//
//   __syncthreads          the whole block, up to the barrier
//   __syncwarp             the lanes of its mask; shuffles and votes teach nothing, as in CUDA
//   release, acquire       what the releasing threads knew and did (kernels/primitives/sync.cuh)
//   the end of a launch    everything
//
// (Vector clocks: Lamport, CACM 1978; Flanagan and Freund, "FastTrack", PLDI 2009.)

#include <cstddef>
#include <cstdint>

#include "weft/simt.h"

namespace weft::executor::race {

#if defined(WEFT_RACE)
inline constexpr bool kEnabled = true;  // then a launch runs on one OS thread, one launch at a time
#else
inline constexpr bool kEnabled = false;
#endif

/// Nothing that an earlier launch did can race with what follows.
void begin_launch(std::uint64_t blocks);

/// Block `number` of the grid begins as the `resident`-th of those that live together, with all of its
/// shared memory, `arena`, out of bounds.
void begin_block(unsigned resident, std::uint64_t number, unsigned threads, const void* arena,
                 std::size_t arena_bytes);
/// Threads of this resident block run from now on.
void enter_block(unsigned resident);
/// The running block has an array, which nobody has written yet; and its arrays are no more.
void begin_array(const void* begin, std::size_t bytes);
void end_arrays(const void* begin, std::size_t bytes);

void block_met();                               // all threads of the running block, at a barrier
void lanes_met(unsigned warp, unsigned lanes);  // at __syncwarp

/// What the running thread knows and did passes to whoever acquires the same object later.
void release(const void* object);
void acquire(const void* object);
/// A phase of an mbarrier of this resident block ends: what was released to `object` so far is what waits
/// for the phase acquire from `phase`; what the next phase's threads release is kept apart.
void hand_on(unsigned resident, const void* object, const void* phase);

enum class Kind : std::uint8_t { read, write, atomic_read, atomic_update };
/// Where an access stands: at an operation of the kernel language, or just before an instruction.
struct Place {
  Site site;
  const void* instruction = nullptr;
};
/// An access of the running thread. Memory that is neither shared nor of the device is passed over. Where
/// it races, or is out of bounds, the launch ends with a DeviceError and the call does not return.
void touch(Kind kind, const void* memory, std::size_t bytes, Place place);

/// A copy to shared memory is under way from begin_copy, a write of the running thread, to end_copy: who
/// touches the bytes in between races with it. end_copy is for a thread that waits for its own copy;
/// a copy that ends by itself, end_bulk_copy, tells `object`, from which others acquire that it is over.
void begin_copy(const void* shared, std::size_t bytes, Site at);
void end_copy(const void* shared, std::size_t bytes, Site at);
std::uint64_t begin_bulk_copy(const void* shared, std::size_t bytes, Site at);  // its number
void end_bulk_copy(unsigned resident, std::uint64_t copy, const void* shared, std::size_t bytes,
                   const void* object);

/// Device memory with dead bytes on both sides of each block; what is given back stays dead for long. Null
/// where there is none left.
void* allocate(std::size_t bytes);
void deallocate(void* memory) noexcept;

}  // namespace weft::executor::race
