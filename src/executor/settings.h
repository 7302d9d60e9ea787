#pragma once

#include "src/executor/executor.h"

namespace weft::executor {

/// The Config in force and the number of this launch under it.
struct LaunchSettings {
  Config config;
  std::uint64_t serial;
};
LaunchSettings settings_for_launch();
void add_to_stats(const Stats& stats);

}  // namespace weft::executor
