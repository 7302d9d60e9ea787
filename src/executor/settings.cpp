// The executor's one piece of global state: its Config and its counters.

#include "src/executor/settings.h"

#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "weft/error.h"

namespace weft::executor {
namespace {

constexpr std::size_t kKiB = 1024;
constexpr DeviceModel kModels[] = {{"sm_75", 75, 64 * kKiB, 40, 1024, 16, 64 * kKiB, 0},
                                   {"sm_80", 80, 163 * kKiB, 108, 2048, 32, 164 * kKiB, kKiB},
                                   {"sm_86", 86, 99 * kKiB, 82, 1536, 16, 100 * kKiB, kKiB},
                                   {"sm_89", 89, 99 * kKiB, 128, 1536, 24, 100 * kKiB, kKiB},
                                   {"sm_90", 90, 227 * kKiB, 132, 2048, 32, 228 * kKiB, kKiB}};

// A fiber is two mappings, and Linux allows a process 65,530: 16 OS threads of 1,024 fibers are 32,768.
constexpr unsigned kMaxOsThreads = 16;

struct State {
  std::mutex mutex;
  Config config;
  std::uint64_t launches = 0;  // since configure()
  Stats stats;
};

State& state() {
  static State the_state;
  return the_state;
}

}  // namespace

const DeviceModel& device_model(int compute_capability) {
  for (const DeviceModel& model : kModels)
    if (model.compute_capability == compute_capability) return model;
  throw DeviceError("executor: expected a device model of sm_75, 80, 86, 89 or 90, got " +
                    std::to_string(compute_capability));
}

unsigned max_resident_blocks(const DeviceModel& model, unsigned block_threads,
                             std::size_t dynamic_shared_bytes) {
  const unsigned whole_warps = (block_threads + 31) / 32 * 32;
  if (whole_warps == 0 || dynamic_shared_bytes > model.shared_bytes_per_block) return 0;
  const unsigned by_threads = model.threads_per_multiprocessor / whole_warps;
  const std::size_t bytes = dynamic_shared_bytes + model.shared_bytes_reserved;
  const std::size_t by_bytes =
      bytes == 0 ? by_threads : model.shared_bytes_per_multiprocessor / bytes;
  return model.multiprocessors *
         std::min({by_threads, model.blocks_per_multiprocessor, static_cast<unsigned>(by_bytes)});
}
unsigned max_resident_blocks(unsigned block_threads, std::size_t dynamic_shared_bytes) {
  return max_resident_blocks(device_model(config().compute_capability), block_threads,
                             dynamic_shared_bytes);
}

unsigned default_os_threads() {
  if (const char* text = std::getenv("WEFT_EXECUTOR_THREADS"))
    if (const long threads = std::strtol(text, nullptr, 10); threads > 0)
      return static_cast<unsigned>(std::min<long>(threads, kMaxOsThreads));
  cpu_set_t cpus;
  if (sched_getaffinity(0, sizeof cpus, &cpus) == 0)
    return std::clamp(static_cast<unsigned>(CPU_COUNT(&cpus)), 1u, kMaxOsThreads);
  return std::clamp(std::thread::hardware_concurrency(), 1u, kMaxOsThreads);
}

Config config() {
  const std::lock_guard<std::mutex> lock(state().mutex);
  return state().config;
}

void configure(const Config& config) {
  device_model(config.compute_capability);
  if (config.os_threads == 0 || config.os_threads > kMaxOsThreads)
    throw DeviceError("executor: expected 1 to 16 OS threads, got " +
                      std::to_string(config.os_threads));
  const std::lock_guard<std::mutex> lock(state().mutex);
  state().config = config;
  state().launches = 0;
}

Stats stats() {
  const std::lock_guard<std::mutex> lock(state().mutex);
  return state().stats;
}

LaunchSettings settings_for_launch() {
  const std::lock_guard<std::mutex> lock(state().mutex);
  ++state().stats.launches;
  return {state().config, state().launches++};
}

void add_to_stats(const Stats& stats) {
  const std::lock_guard<std::mutex> lock(state().mutex);
  Stats& total = state().stats;
  total.blocks += stats.blocks;
  total.threads += stats.threads;
  total.fibers += stats.fibers;
  total.switches += stats.switches;
  total.barriers += stats.barriers;
  total.warp_operations += stats.warp_operations;
}

}  // namespace weft::executor
