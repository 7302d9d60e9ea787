#include "src/executor/executor.h"
#include "tests/support/schedules.h"

namespace weft::test {

void for_each_schedule(int random_count, const std::function<void(const std::string& name)>& run) {
  struct Restore {
    executor::Config config = executor::config();
    ~Restore() { executor::configure(config); }
  } before;
  executor::Config config = before.config;
  config.order = executor::Order::ascending;
  executor::configure(config);
  run("ascending order");
  config.order = executor::Order::descending;
  executor::configure(config);
  run("descending order");
  config.order = executor::Order::random;
  for (int seed = 1; seed <= random_count; ++seed) {
    config.seed = static_cast<std::uint64_t>(seed);
    executor::configure(config);
    run("random order, seed " + std::to_string(seed));
  }
}

}  // namespace weft::test
