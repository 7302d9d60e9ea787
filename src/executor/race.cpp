// The race detector: checks every access against what the shadow remembers and the running thread knows.

#include "src/executor/race.h"

#include <algorithm>
#include <deque>
#include <string>
#include <unordered_map>

#include "src/executor/block_runner.h"
#include "src/executor/race_clock.h"
#include "src/executor/race_place.h"
#include "src/executor/race_shadow.h"
#include "weft/error.h"

namespace weft::executor::race {
namespace {

struct Resident {  // one block that is under way
  std::uint64_t number_in_grid = 0;
  BlockClock clock;
  Region shared;
  std::unordered_map<const void*, Knowledge> objects;  // in its shared memory
};

struct Detector {
  std::uint64_t next_block =
      1;  // blocks of all launches, counted until the cells have no room for more
  std::uint64_t launch_block = 1;                      // the first one of this launch
  std::vector<std::uint64_t> numbers;                  // in the grid, of this launch's blocks
  std::deque<Resident> residents;                      // never moved
  std::unordered_map<const void*, Knowledge> objects;  // in device memory
  Resident* running = nullptr;
  const Region* device_memory = nullptr;
};
Detector the_detector;

Knowledge& object_at(const void* object) {
  Resident& block = *the_detector.running;
  return block.shared.holds(object) ? block.objects[object] : the_detector.objects[object];
}

// The running thread, at an access. Blocks before the first are over: those of earlier launches, and for
// shared memory, which no two blocks have in common, all others.
struct Running {
  const BlockClock& clock;
  unsigned thread;
  std::uint64_t first_block;

  bool knows(const Access& access) const {
    return access.block() < first_block || clock.knows(thread, access);
  }
};

// Of the reads and atomic updates since the last write the cell keeps two: not those that the newest one
// knows to be over, and rather of two warps than of one, since whoever writes next may know its own.
void keep(const Running& running, Cell& cell, const Access& access) {
  for (Access& other : cell.others)
    if (other.is_none() || other.same_thread(access) || running.knows(other)) {
      other = access;
      return;
    }
  if (cell.others[0].same_warp(cell.others[1]) && !access.same_warp(cell.others[0]))
    cell.others[1] = access;
}

std::string does(Access access, bool is_shared) {
  return std::string(access.is_atomic()  ? "updates "
                     : access.is_write() ? "writes "
                                         : "reads ") +
         (is_shared ? "shared memory" : "global memory");
}

// Apart, so that their strings take no room on the stacks of threads that go on.
[[noreturn, gnu::noinline]] void report(const Access& now, bool is_shared, const char* what) {
  BlockRunner::current().stop(does(now, is_shared) + what, name_of_place(now.place()));
}

[[noreturn, gnu::noinline]] void report_race(const Access& earlier, const Access& now,
                                             bool is_shared) {
  BlockRunner& runner = BlockRunner::current();
  const std::uint64_t block = the_detector.numbers[earlier.block() - the_detector.launch_block];
  runner.stop(does(now, is_shared) + " in a race with the " +
                  (earlier.is_atomic()  ? "update"
                   : earlier.is_write() ? "write"
                                        : "read") +
                  " by " + runner.name_of_thread(block, earlier.thread()) + " in " +
                  name_of_place(earlier.place()),
              name_of_place(now.place()));
}

void check_state(const Region& region, std::size_t offset, const Access& now, bool is_shared) {
  const State state = region.state(offset);
  if (state == State::outside)
    report(now, is_shared, is_shared ? " outside any array" : " outside any allocation");
  if (state == State::in_copy) report(now, is_shared, " in a race with a copy that is under way");
  if (state == State::uninitialised) {
    if (!now.is_write() || now.is_atomic()) report(now, is_shared, " that is uninitialised");
    region.initialise(offset);
  }
}

void check_and_remember(const Running& running, Cell& cell, const Access& now, bool is_shared) {
  if (now.repeats(cell.others[0]) || now.repeats(cell.others[1])) return;
  const auto compare = [&](const Access& earlier) {
    if (now.conflicts(earlier) && !running.knows(earlier)) report_race(earlier, now, is_shared);
  };
  compare(cell.write);
  compare(cell.others[0]);
  compare(cell.others[1]);
  if (!now.is_write()) {
    keep(running, cell, now);
  } else if (!now.is_atomic()) {
    cell = {now, {{}, {}}};
  } else {
    if (cell.write.is_atomic() && !running.knows(cell.write)) keep(running, cell, cell.write);
    cell.write = now;
  }
}

Access access_of(const Running& running, Kind kind, Place place) {
  const std::uint64_t time = running.clock.time(running.thread);
  if (time > kMaxTime)
    BlockRunner::current().stop("has more meetings of threads than a race build can count",
                                name_of_place(number_of_place(place)));
  return {running.clock.block(),
          running.thread,
          time,
          kind == Kind::write || kind == Kind::atomic_update,
          kind == Kind::atomic_read || kind == Kind::atomic_update,
          number_of_place(place)};
}

void check_and_remember(const Region& region, bool is_shared, const Running& running,
                        const Access& now, const void* memory, std::size_t bytes) {
  const std::size_t end = region.offset(memory) + bytes;
  for (std::size_t at = region.offset(memory), next; at < end; at = next) {
    const std::size_t word = at / Region::kWord * Region::kWord;
    next = std::min(word + Region::kWord, end);
    const bool is_whole = next - at == Region::kWord;
    if (is_whole && region.is_initialised_and_whole(word)) {
      check_and_remember(running, region.cell(word), now, is_shared);
      continue;
    }
    for (std::size_t i = at; i < next; ++i) check_state(region, i, now, is_shared);
    if (!is_whole && !region.is_split(word)) region.split(word);
    const std::size_t cells = region.is_split(word) ? next - at : 1;
    for (std::size_t i = 0; i < cells; ++i)
      check_and_remember(running, region.cell(at + i), now, is_shared);
    if (is_whole && now.is_write() && !now.is_atomic()) region.join(word);
  }
}

}  // namespace

void touch(Kind kind, const void* memory, std::size_t bytes, Place place) {
  const Resident& block = *the_detector.running;
  const bool is_shared = block.shared.holds(memory);
  const Region& region = is_shared ? block.shared : *the_detector.device_memory;
  if (!region.holds(memory)) return;  // a local variable, an argument, memory of the host
  const Running running{block.clock, current_thread->linear,
                        is_shared ? block.clock.block() : the_detector.launch_block};
  check_and_remember(region, is_shared, running, access_of(running, kind, place), memory, bytes);
}

void begin_launch(std::uint64_t blocks) {
  Detector& d = the_detector;
  if (blocks >= kMaxBlock)
    throw DeviceError("executor: a race build takes up to " + std::to_string(kMaxBlock - 1) +
                      " blocks, got " + std::to_string(blocks));
  d.device_memory = &device_memory();
  if (d.next_block + blocks > kMaxBlock) {  // count from 1 again
    device_memory().forget_cells();
    for (const Resident& resident : d.residents) resident.shared.forget_cells();
    d.next_block = 1;
  }
  d.launch_block = d.next_block;
  d.numbers.clear();
  d.objects.clear();
}

void begin_block(unsigned resident, std::uint64_t number, unsigned threads, const void* arena,
                 std::size_t arena_bytes) {
  Detector& d = the_detector;
  while (d.residents.size() <= resident) d.residents.emplace_back();
  Resident& block = d.residents[resident];
  block.number_in_grid = number;
  block.clock.begin(d.next_block++, threads);
  d.numbers.push_back(number);
  block.objects.clear();
  if (block.shared.begin() != arena) block.shared = Region(arena, arena_bytes);
  d.running = &block;
}

void enter_block(unsigned resident) { the_detector.running = &the_detector.residents[resident]; }

void begin_array(const void* begin, std::size_t bytes) {
  the_detector.running->shared.set_states(begin, bytes, State::uninitialised);
}
void end_arrays(const void* begin, std::size_t bytes) {
  the_detector.running->shared.set_states(begin, bytes, State::outside);
}

void block_met() { the_detector.running->clock.all_met(); }
void lanes_met(unsigned warp, unsigned lanes) {
  the_detector.running->clock.lanes_met(warp, lanes);
}

void release(const void* object) {
  object_at(object).learn(the_detector.running->clock.release(current_thread->linear));
}
void acquire(const void* object) {
  the_detector.running->clock.acquire(current_thread->linear, object_at(object));
}
void hand_on(unsigned resident, const void* object, const void* phase) {
  auto& objects = the_detector.residents[resident].objects;
  Knowledge& released = objects[object];
  objects[phase].learn(released);
  released.clear();
}

void begin_copy(const void* shared, std::size_t bytes, Site at) {
  touch(Kind::write, shared, bytes, {at});
  the_detector.running->shared.set_states(shared, bytes, State::in_copy);
}
void end_copy(const void* shared, std::size_t bytes, Site at) {
  the_detector.running->shared.set_states(shared, bytes, State::initialised);
  touch(Kind::write, shared, bytes, {at});
}

// A bulk copy counts as a block of its own: whoever waits for it learns that it is over, and nothing of what
// its issuer did.
std::uint64_t begin_bulk_copy(const void* shared, std::size_t bytes, Site at) {
  const Resident& block = *the_detector.running;
  const unsigned thread = current_thread->linear;
  const std::uint64_t copy = the_detector.next_block++;
  if (copy > kMaxBlock)
    BlockRunner::current().stop("issues more bulk copies than a race build can tell apart",
                                to_string(at));
  the_detector.numbers.push_back(block.number_in_grid);
  check_and_remember(block.shared, true, {block.clock, thread, block.clock.block()},
                     {copy, thread, 1, true, false, number_of_place({at})}, shared, bytes);
  block.shared.set_states(shared, bytes, State::in_copy);
  return copy;
}
void end_bulk_copy(unsigned resident, std::uint64_t copy, const void* shared, std::size_t bytes,
                   const void* object) {
  Resident& block = the_detector.residents[resident];
  block.shared.set_states(shared, bytes, State::initialised);
  block.objects[object].learn_block(copy, kMaxTime);
}

}  // namespace weft::executor::race
