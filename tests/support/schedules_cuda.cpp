#include "tests/support/schedules.h"

namespace weft::test {

namespace {
// The GPU orders blocks and warps as it likes, so all that a test can do is to look often: over 100 times where
// the executor runs 22 orders.
constexpr int kRepeatsForAnOrder = 5;
}  // namespace

void for_each_schedule(int random_count, const std::function<void(const std::string& name)>& run) {
  const int repeats = kRepeatsForAnOrder * (2 + random_count);
  for (int repeat = 1; repeat <= repeats; ++repeat) run("repeat " + std::to_string(repeat));
}

}  // namespace weft::test
