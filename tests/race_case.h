#pragma once

// A kernel that the race build must report, or must not, in whatever order its threads run.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/device_error.h"
#include "tests/support/guarded.h"
#include "tests/support/schedules.h"
#include "weft/simt.h"

namespace weft::test {

inline constexpr int kOrders = 20;  // at random, besides ascending and descending

/// Runs the kernel on 1024 ints, all 0, in every order: it must be reported with these words each time, or,
/// without words, never.
template <class... Arguments>
void expect_in_all_orders(void (*kernel)(int*, Arguments...), LaunchShape shape,
                          const std::vector<std::string>& words, Arguments... arguments) {
  for_each_schedule(kOrders, [&](const std::string& order) {
    SCOPED_TRACE(order);
    const Guarded<int> memory(std::vector<int>(1024, 0));
    const auto run = [&] { launch(kernel, shape, StreamView(), memory.data(), arguments...); };
    if (words.empty())
      EXPECT_NO_THROW(run());
    else
      expect_device_error(run, words);
  });
}

}  // namespace weft::test
