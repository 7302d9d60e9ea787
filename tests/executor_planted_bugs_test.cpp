// Shows that the checks check: every kernel of tests/planted_bugs has one known bug, and each build of
// the executor must make of it what the table there says, in a report that names kernel, thread and
// line. A bug may end the process, so each runs in a process of its own.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <string>

#include "src/executor/executor.h"
#include "tests/planted_bugs/planted_bug.h"
#include "tests/support/schedules.h"
#include "weft/error.h"

namespace weft {
namespace {

using test::PlantedBug;
using test::Verdict;

#if defined(__SANITIZE_ADDRESS__)
constexpr const char* kBuild = "sanitizers";
#elif defined(WEFT_RACE)
constexpr const char* kBuild = "race";
#else
constexpr const char* kBuild = "plain";
#endif

const Verdict& expected(const PlantedBug& bug) {
#if defined(__SANITIZE_ADDRESS__)
  return bug.sanitizers;
#elif defined(WEFT_RACE)
  return bug.race;
#else
  return bug.plain;
#endif
}

const std::vector<PlantedBug>& all_bugs() {
  static const std::vector<PlantedBug> bugs = [] {
    std::vector<PlantedBug> all = test::memory_bugs();
    for (const auto& more : {test::order_bugs(), test::warp_and_copy_bugs(),
                             test::between_blocks_bugs(), test::mbarrier_bugs()})
      all.insert(all.end(), more.begin(), more.end());
    return all;
  }();
  return bugs;
}

/// "order.cpp:17", where the line with "// BUG: <name>" is, or "// BUG: <name>; <another name>".
std::string place_of(const PlantedBug& bug) {
  std::ifstream file(std::string(WEFT_SOURCE_DIR) + "/tests/planted_bugs/" + bug.file);
  const std::string mark = "// BUG: ", name = bug.name;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const std::size_t names = line.find(mark);
    if (names == std::string::npos) continue;
    const std::string all = "; " + line.substr(names + mark.size()) + ";";
    if (all.find("; " + name + ";") != std::string::npos)
      return std::string(bug.file) + ":" + std::to_string(number);
  }
  return "";
}

struct Observation {
  Verdict::Kind kind;
  std::string report;
};

/// Runs the bug in a child process under the order in force.
Observation observe(const PlantedBug& bug) {
  enum : int { kRight = 40, kWrongResult, kFailed };  // a sanitizer ends with 1
  int channel[2];
  if (pipe(channel) != 0) throw std::runtime_error("no pipe");
  std::cout.flush();
  const pid_t child = fork();
  if (child == 0) {
    dup2(channel[1], STDERR_FILENO);
    close(channel[0]);
    executor::Config config = executor::config();
    config.os_threads = 1;  // the parent's workers are not here
    executor::configure(config);
    try {
      _exit(bug.run(true) ? kRight : kWrongResult);
    } catch (const DeviceError& error) {
      const std::string what = error.what();
      [[maybe_unused]] const auto written = write(STDERR_FILENO, what.data(), what.size());
      _exit(kFailed);
    }
  }
  close(channel[1]);
  std::string report;
  char buffer[4096];
  for (ssize_t count; (count = read(channel[0], buffer, sizeof buffer)) > 0;)
    report.append(buffer, static_cast<std::size_t>(count));
  close(channel[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kRight) return {Verdict::Kind::silent, report};
  if (WIFEXITED(status) && WEXITSTATUS(status) == kWrongResult)
    return {Verdict::Kind::wrong, report};
  return {Verdict::Kind::report, report};
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class PlantedBugs : public ::testing::TestWithParam<PlantedBug> {
 protected:
  static void TearDownTestSuite() {
    std::cout << "planted bugs: caught " << caught_ << " of " << seen_ << " by the " << kBuild
              << " build\n";
  }
  inline static int caught_ = 0, seen_ = 0;
};

TEST_P(PlantedBugs, AreSeenAsTheTableSays) {
  const PlantedBug& bug = GetParam();
  const Verdict verdict = expected(bug);
  const bool at_launch = std::string(bug.name).starts_with("more shared memory");
  const std::string place = place_of(bug);
  ASSERT_TRUE(at_launch || !place.empty()) << "no line is marked with the bug's name";
  bool wrong = false;
  test::for_each_schedule(3, [&](const std::string& order) {
    const auto [kind, report] = observe(bug);
    wrong = wrong || kind == Verdict::Kind::wrong;
    if (verdict.kind != Verdict::Kind::report) {
      EXPECT_NE(kind, Verdict::Kind::report) << order << ": " << report;
      return;
    }
    ASSERT_EQ(kind, Verdict::Kind::report) << order;
    EXPECT_TRUE(has(report, verdict.words)) << order << ": " << report;
    EXPECT_TRUE(has(report, at_launch ? "_kernel: launch" : "_kernel: "))
        << order << ": " << report;
    EXPECT_TRUE(at_launch || has(report, "thread (")) << order << ": " << report;
    EXPECT_TRUE(at_launch || has(report, place)) << order << ", " << place << ": " << report;
  });
  EXPECT_EQ(wrong, verdict.kind == Verdict::Kind::wrong);
  ++seen_;
  if (verdict.kind != Verdict::Kind::silent && !HasFailure()) ++caught_;
}

TEST_P(PlantedBugs, AreTheOnlyFaultOfTheirKernels) {
  test::for_each_schedule(
      3, [&](const std::string& order) { EXPECT_TRUE(GetParam().run(false)) << order; });
}

INSTANTIATE_TEST_SUITE_P(All, PlantedBugs, ::testing::ValuesIn(all_bugs()), [](const auto& bug) {
  std::string name = bug.param.name;
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name;
});

// The table is what each build's own run of this program has to confirm.
TEST(PlantedBugTable, EveryBugIsCaughtBySomeBuild) {
  std::size_t caught = 0;
  for (const PlantedBug& bug : all_bugs()) {
    const auto catches = [](Verdict v) { return v.kind != Verdict::Kind::silent; };
    const bool seen = catches(bug.plain) || catches(bug.sanitizers) || catches(bug.race);
    EXPECT_TRUE(seen) << bug.name;
    caught += seen ? 1 : 0;
  }
  std::cout << "planted bugs: caught " << caught << " of " << all_bugs().size()
            << " by one build or another\n";
}

}  // namespace
}  // namespace weft
