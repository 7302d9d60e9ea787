// The benchmark of training steps: what it trains learns and is what PyTorch trains, it refuses bad input, and what
// stands beside it in a table of peers trained the same.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/shell.h"
#include "weft/device.h"

namespace {

namespace fs = std::filesystem;

using weft::test::Outcome;
using weft::test::run;

const std::string program =
    fs::read_symlink("/proc/self/exe").parent_path() / "training_step_bench";

class TrainingStepBench : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(program)) GTEST_SKIP() << "there is no " << program << " in this build";
  }
};

/// The losses that --check prints, by lesson.
std::map<std::string, std::vector<double>> losses_in(const std::string& output) {
  std::map<std::string, std::vector<double>> losses;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string lesson, batch;
    words >> lesson >> batch;
    for (double loss; words >> loss;) losses[lesson].push_back(loss);
  }
  return losses;
}

// PyTorch 2.15's first five losses from the same data and starting values, eager, on a CPU (bench/peers/torch_peer.py).
const std::map<std::string, std::vector<double>> kPyTorch{
    {"04", {2.3799889, 2.2061987, 2.0531452, 1.9166287, 1.7811259}},
    {"08", {2.3470635, 2.3438706, 2.3404510, 2.3371379, 2.3348372}},
    {"12", {1.0728807, 1.0884005, 1.1316508, 1.0916697, 1.0792587}},
    {"24", {2.3057573, 2.3054359, 2.3015699, 2.3015597, 2.2988045}}};
// Single precision's sums in another order, five steps after one another, and 6 printed digits.
constexpr double kSameTraining = 1e-5;

TEST_F(TrainingStepBench, TrainsWhatPyTorchTrains) {
  const Outcome outcome = run(program + " cpu 04 08 12 24 --check");
  ASSERT_EQ(outcome.status, 0) << outcome.output;
  const auto losses = losses_in(outcome.output);
  for (const auto& [lesson, expected] : kPyTorch) {
    ASSERT_EQ(losses.count(lesson), 1u) << lesson << " is not in\n" << outcome.output;
    const std::vector<double>& found = losses.at(lesson);
    ASSERT_EQ(found.size(), expected.size()) << outcome.output;
    for (std::size_t step = 0; step < expected.size(); ++step)
      EXPECT_NEAR(found[step], expected[step], kSameTraining) << lesson << ", step " << step;
  }
}

TEST_F(TrainingStepBench, LossesFallAndAreTheCpuPathsOnTheDevice) {
  if (!weft::gpu_available()) GTEST_SKIP() << weft::gpu_unavailable_reason();
  // Status 1 where they differ by more than a thousandth.
  const Outcome outcome = run(program + " gpu 04 12 --check");
  ASSERT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_EQ(outcome.output.rfind(weft::describe(weft::Device::gpu), 0), 0u) << outcome.output;
  const auto losses = losses_in(outcome.output);
  ASSERT_EQ(losses.count("04") + losses.count("12"), 2u) << outcome.output;
  EXPECT_LT(losses.at("04").back(), losses.at("04").front());
}

TEST_F(TrainingStepBench, RefusesBadInputWithStatus2AndItsName) {
  for (const char* word : {"05", "tpu", "--bogus", "4"}) {
    const Outcome outcome = run(program + " " + word);
    EXPECT_EQ(outcome.status, 2) << outcome.output;
    EXPECT_NE(outcome.output.find("\"" + std::string(word) + "\""), std::string::npos)
        << outcome.output;
  }
  for (const char* rounds : {"0", "1001", "-1", "2x", ""})
    EXPECT_EQ(run(program + " cpu 12 --rounds " + rounds).status, 2) << rounds;
  EXPECT_EQ(run(program + " cpu 12 --rounds 1 --benchmark_out=/nowhere/x.json").status, 2);
  EXPECT_EQ(run(program + " cpu 12 --check --unchecked").status, 2);
  EXPECT_EQ(run(program + " cpu 12 --rounds 1 --unchecked").status, 0);
}

TEST_F(TrainingStepBench, DoesNotTimeTheExecutor) {
  if (!weft::gpu_available() || !weft::gpu_properties().is_executor)
    GTEST_SKIP() << "this build's gpu is not the executor";
  const Outcome outcome = run(program + " gpu 12");
  EXPECT_EQ(outcome.status, 2) << outcome.output;
  EXPECT_NE(outcome.output.find("executor"), std::string::npos) << outcome.output;
}

TEST_F(TrainingStepBench, WritesWhatTheTableMerges) {
  const Outcome outcome =
      run("d=$(mktemp -d); " + program +
          " cpu 12 --rounds 2 --benchmark_out=$d/part.json --benchmark_out_format=json && "
          "bench/table --merge $d/results.json $d/part.json && cat $d/results.json; s=$?; rm -r "
          "$d; exit $s");
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  for (const char* text :
       {"training_step/gather_and_step/lesson_12_batch_20  ours_eager",
        "training_step/ready_step/lesson_12_batch_20       ours_eager", "\"flops\": 26000"})
    EXPECT_NE(outcome.output.find(text), std::string::npos) << text << " is not in\n"
                                                            << outcome.output;
}

TEST(Peers, NeedPyTorch) {
  const Outcome outcome = run("python3 -S bench/peers/run --lessons 12");  // without its packages
  EXPECT_EQ(outcome.status, 2) << outcome.output;
  EXPECT_NE(outcome.output.find("no torch"), std::string::npos) << outcome.output;
}

TEST(Peers, RefuseBadInput) {
  const std::map<std::string, std::string> cases{
      {"--lessons 04,05", "'05'"}, {"--rounds 0", "found 0"},
      {"--threads 0", "'0'"},      {"--threads 1,x", "'1,x'"},
      {"--device tpu", "'tpu'"},   {"--table nowhere.json", "nowhere.json"}};
  for (const auto& [arguments, found] : cases) {
    const Outcome outcome = run("bench/peers/run " + arguments);
    EXPECT_EQ(outcome.status, 2) << arguments << ": " << outcome.output;
    EXPECT_NE(outcome.output.find(found), std::string::npos) << outcome.output;
  }
}

TEST(Peers, TableDividesTheBestPeersMedianByEach) {
  const Outcome outcome = run(R"(d=$(mktemp -d); cat >$d/peers.json <<'END'
{"context": {"device": "cpu"},
"rows": [
{"lesson": "12", "where": "2", "contender": "Weft eager", "is_peer": false, "rounds_us": {"gather_and_step": [30, 20, 22], "ready_step": [10, 12, 11]}},
{"lesson": "12", "where": "2", "contender": "slower", "is_peer": true, "rounds_us": {"gather_and_step": [66, 44, 55], "ready_step": [2200]}},
{"lesson": "12", "where": "2", "contender": "faster", "is_peer": true, "rounds_us": {"gather_and_step": [33, 33, 99], "ready_step": [5.5]}},
{"lesson": "12", "where": "2", "contender": "broken", "is_peer": true, "rounds_us": {"gather_and_step": [1], "ready_step": []}, "problem": "no compiler"}
]}
END
bench/peers/run --table $d/peers.json | tr -s ' '; s=$?; rm -r $d; exit $s)");
  for (const char* row :
       {"| 12 | 2 | Weft eager | 22.0 | 20.0 to 30.0 | 1.50 | 11.0 | 10.0 to 12.0 | 0.50 |",
        "| 12 | 2 | slower | 55.0 | 44.0 to 66.0 | 0.60 | 2,200 | 2,200 to 2,200 | 0.00 |",
        "| 12 | 2 | faster | 33.0 | 33.0 to 99.0 | 1.00 | 5.5 | 5.5 to 5.5 | 1.00 |",
        "| 12 | 2 | broken | no compiler |"})
    EXPECT_NE(outcome.output.find(row), std::string::npos) << row << " is not in\n"
                                                           << outcome.output;
}

TEST(Peers, WhoTrainsSomethingElseIsNotTimed) {
  const Outcome outcome = run(R"(python3 -c "
import sys
sys.path.insert(0, 'bench/peers')
from contest import Contest
from contestants import Problem

class Ours:
    def losses(self, lesson): return [2.0, 1.0]
    def round(self, lesson): return [20.0, 10.0]

class Library:
    hello = {'name': 'Library'}
    found = {'same': [2.00001, 1.00009], 'other': [2.0001, 1.0], 'later': [2.0, 1.0002], 'lost': [2.0, float('nan')], 'short': [2.0]}
    def ask(self, what, lesson, *arguments):
        if what == 'contenders': return [*self.found, 'broken']
        if arguments[0] == 'broken': raise Problem('no compiler')
        return self.found[arguments[0]] if what == 'losses' else [30.0, 15.0]

contest = Contest('12', '1', Ours(), [Library()], False)
contest.time(2)
for row in contest.rows: print(row['contender'], row['rounds_us']['ready_step'], row.get('problem', 'timed')[:12])
")");
  EXPECT_EQ(outcome.output,
            "Weft eager [10.0, 10.0] timed\n"
            "Library same [15.0, 15.0] timed\n"
            "Library other [] wrong: loss \n"
            "Library later [] wrong: loss \n"
            "Library lost [] wrong: loss \n"
            "Library short [] wrong: expec\n"
            "Library broken [] no compiler\n");
}

}  // namespace
