#pragma once

// Runs the same work under different schedules: on the executor in ascending, descending and random
// orders, in a CUDA build again and again (the GPU draws its own schedules).

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

namespace weft::test {

/// Calls run(name) under ascending order, descending order and `random_count` random ones; in a CUDA
/// build five times as often. `name` ("random order, seed 3") belongs in failure messages.
void for_each_schedule(int random_count, const std::function<void(const std::string& name)>& run);

/// Expects compute(), which returns a std::vector, to give the same bits under every schedule.
template <class Compute>
void expect_same_bits(int random_count, Compute compute, const std::string& what) {
  const auto first = compute();
  for_each_schedule(random_count, [&](const std::string& name) {
    const auto again = compute();
    ASSERT_EQ(again.size(), first.size()) << what << ", " << name;
    for (std::size_t i = 0; i < first.size(); ++i)
      ASSERT_EQ(std::memcmp(&again[i], &first[i], sizeof first[i]), 0)
          << what << ", " << name << ": element " << i << " is " << again[i] << ", was "
          << first[i];
  });
}

}  // namespace weft::test
