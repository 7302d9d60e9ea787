#include "tests/support/schedules.h"

namespace weft::test {

void for_each_schedule(int random_count, const std::function<void(const std::string& name)>& run) {
  for (int repeat = 1; repeat <= 2 + random_count; ++repeat)
    run("repeat " + std::to_string(repeat));
}

}  // namespace weft::test
