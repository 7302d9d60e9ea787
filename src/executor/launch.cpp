// launch_grid: checks the launch against the device model and spreads its blocks over OS threads.

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>
#include <numeric>

#include "src/executor/block_runner.h"
#include "src/executor/race.h"
#include "src/executor/settings.h"
#include "src/executor/worker_pool.h"
#include "weft/error.h"

namespace weft::executor {
namespace {

std::string to_string(const dim3& d) {
  return "(" + std::to_string(d.x) + ", " + std::to_string(d.y) + ", " + std::to_string(d.z) + ")";
}

[[noreturn]] void refuse(const Grid& grid, const std::string& what) {
  const std::string path = grid.file;
  throw DeviceError(kernel_name(grid) + ": launch at " + path.substr(path.rfind('/') + 1) + ":" +
                    std::to_string(grid.line) + " " + what);
}

// The limits are CUDA's, the same for all models.
void check_limits(const Grid& grid, const DeviceModel& model) {
  if (current_thread != nullptr) refuse(grid, "is inside a kernel");
  const auto& [blocks, block] = std::tie(grid.grid, grid.block);
  if (blocks.x == 0 || blocks.y == 0 || blocks.z == 0)
    refuse(grid, "has the empty grid " + to_string(blocks));
  if (blocks.x > 0x7FFFFFFFu || blocks.y > 65535 || blocks.z > 65535)
    refuse(grid,
           "has the grid " + to_string(blocks) + ", the limits are (2147483647, 65535, 65535)");
  if (block.x == 0 || block.y == 0 || block.z == 0)
    refuse(grid, "has the empty block " + to_string(block));
  if (block.x > kMaxThreads || block.y > kMaxThreads || block.z > 64)
    refuse(grid, "has the block " + to_string(block) + ", the limits are (1024, 1024, 64)");
  if (std::uint64_t{block.x} * block.y * block.z > kMaxThreads)
    refuse(grid, "has the block " + to_string(block) + " of " +
                     std::to_string(std::uint64_t{block.x} * block.y * block.z) +
                     " threads, the limit is 1024");
  if (grid.shared_bytes > model.shared_bytes_per_block)
    refuse(grid, "asks for " + std::to_string(grid.shared_bytes) +
                     " bytes of dynamic shared memory, " + model.name + " has " +
                     std::to_string(model.shared_bytes_per_block));
}

void check_residency(const Launch& launch) {
  const Grid& grid = launch.grid;
  const unsigned room = max_resident_blocks(launch.model, launch.block_threads, grid.shared_bytes);
  if (grid.cooperative && launch.blocks > room)
    refuse(grid, "is cooperative and has " + std::to_string(launch.blocks) + " blocks of " +
                     std::to_string(launch.block_threads) + " threads and " +
                     std::to_string(grid.shared_bytes) + " bytes of dynamic shared memory, " +
                     launch.model.name + " has room for " + std::to_string(room) + " at once");
}

// One launch under way: the OS threads draw their blocks from here.
class Work {
 public:
  explicit Work(const Launch& launch) : launch_(launch) {
    if (launch.config.order == Order::random && !launch.grid.cooperative) shuffle();
  }

  // Draws blocks and runs them until none is left or one has failed. Those of a cooperative launch come
  // all in one turn.
  void run() {
    BlockRunner& runner = BlockRunner::of_this_os_thread();
    runner.begin_launch(launch_);
    while (!failed_.load(std::memory_order_relaxed)) {
      const std::uint64_t turn = next_.fetch_add(1, std::memory_order_relaxed);
      if (turn >= turns()) break;
      try {
        if (launch_.grid.cooperative)
          runner.run_together();
        else
          runner.run(block_at(turn));
      } catch (...) {
        record_failure(turn);
      }
    }
    add_to_stats(runner.take_stats());
  }

  std::uint64_t turns() const { return launch_.grid.cooperative ? 1 : launch_.blocks; }

  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::uint64_t block_at(std::uint64_t turn) const {
    if (launch_.config.order == Order::random) return shuffled_[turn];
    return launch_.config.order == Order::descending ? launch_.blocks - 1 - turn : turn;
  }

  void shuffle() {
    shuffled_.resize(launch_.blocks);
    std::iota(shuffled_.begin(), shuffled_.end(), 0u);
    std::uint64_t state = launch_.config.seed * 0x9E3779B97F4A7C15ull + launch_.serial + 1;
    for (std::uint64_t i = shuffled_.size(); i > 1; --i) {
      state = state * 6364136223846793005ull + 1442695040888963407ull;
      std::swap(shuffled_[i - 1], shuffled_[(state >> 33) % i]);
    }
  }

  void record_failure(std::uint64_t turn) {  // of several at once, the one whose turn was first
    const std::lock_guard<std::mutex> lock(mutex_);
    if (turn < error_turn_) {
      error_turn_ = turn;
      error_ = std::current_exception();
    }
    failed_ = true;
  }

  const Launch& launch_;
  std::vector<std::uint32_t> shuffled_;
  std::atomic<std::uint64_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::exception_ptr error_;
  std::uint64_t error_turn_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace

void launch_grid(const Grid& grid, StreamView, void (*thread)(const void*), const void* body) {
  const LaunchSettings settings = settings_for_launch();
  const DeviceModel& model = device_model(settings.config.compute_capability);
  check_limits(grid, model);
  const Launch launch{grid,
                      thread,
                      body,
                      settings.config,
                      model,
                      settings.serial,
                      std::uint64_t{grid.grid.x} * grid.grid.y * grid.grid.z,
                      grid.block.x * grid.block.y * grid.block.z};
  check_residency(launch);
  Work work(launch);
  auto threads =
      static_cast<unsigned>(std::min<std::uint64_t>(settings.config.os_threads, work.turns()));
  static std::mutex one_at_a_time;
  std::unique_lock<std::mutex> alone;
  if constexpr (race::kEnabled) {  // what is found must not depend on chance
    alone = std::unique_lock(one_at_a_time);
    race::begin_launch(launch.blocks);
    threads = 1;
  }
  static WorkerPool pool;
  // Where another host thread has the pool, this one runs its grid alone.
  if (threads <= 1 || !pool.run(
                          threads - 1, [](void* w) { static_cast<Work*>(w)->run(); }, &work))
    work.run();
  work.rethrow();
}

}  // namespace weft::executor
