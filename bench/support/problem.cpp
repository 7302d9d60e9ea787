#include "bench/support/problem.h"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>

#include "bench/support/inputs.h"
#include "bench/vendor/cublas.h"
#include "bench/vendor/cudnn.h"
#include "bench/vendor/timed_graph.h"
#include "weft/device.h"

namespace bench {

namespace {

constexpr int kRounds = 5, kReplays = 8;  // of a contender's graph in a round
constexpr int kLaunches = 1000;           // where there is none

// The problem whose turn it is, with its contenders' graphs: made once, for all rounds.
struct Current {
  std::string name;
  Problem problem;
  std::vector<std::unique_ptr<TimedGraph>> graphs;
  std::vector<double> errors;
  std::vector<std::string> refusals;  // why a contender is not timed; empty where it is
};
std::optional<Current> current;

// Runs each contender once and compares what it wrote.
void check_all() {
  Problem& problem = current->problem;
  const std::size_t count = problem.contenders.size();
  current->errors.assign(count, 0);
  current->refusals.assign(count, "");
  current->graphs.resize(count);
  for (std::size_t i = 0; i < count; ++i) try {
      problem.contenders[i].run(0);
      weft::synchronize();
    } catch (const std::exception& error) {
      current->refusals[i] = error.what();
    }
  const std::vector<weft::Tensor>& right =
      problem.expected.empty() ? problem.contenders[problem.reference].results : problem.expected;
  for (std::size_t i = 0; i < count; ++i) {
    const Contender& contender = problem.contenders[i];
    if (!current->refusals[i].empty()) continue;
    if (problem.expected.empty() && !contender.results.empty() &&
        !current->refusals[problem.reference].empty()) {
      current->refusals[i] =
          "not checked, since the reference did not run: " + current->refusals[problem.reference];
      continue;
    }
    if (contender.error) current->errors[i] = contender.error();
    for (std::size_t r = 0; r < contender.results.size() && r < right.size(); ++r) {
      const double error = relative_error(contender.results[r], right[r]);
      if (!(error <= current->errors[i])) current->errors[i] = error;  // NaN too
    }
    if (!(current->errors[i] <= contender.tolerance))
      current->refusals[i] = "wrong: off by " + std::to_string(current->errors[i]) +
                             " of the reference's norm, expected at most " +
                             std::to_string(contender.tolerance);
  }
}

void time_contender(benchmark::State& state, const std::string& name, std::size_t index,
                    const std::function<Problem()>& make) try {
  if (!current || current->name != name) {
    current.reset();  // its memory first
    Problem made = make();
    current = Current{name, std::move(made), {}, {}, {}};
    check_all();
  }
  if (!current->refusals[index].empty()) {
    state.SkipWithError(current->refusals[index].c_str());
    return;
  }
  const Contender& contender = current->problem.contenders[index];
  std::unique_ptr<TimedGraph>& graph = current->graphs[index];
  if (!graph)
    graph = std::make_unique<TimedGraph>(contender.run, calls_in_a_millisecond(contender.run));
  for (auto _ : state)
    state.SetIterationTime(contender.in_graph ? graph->seconds()
                                              : seconds_of_launches(contender.run, kLaunches));
  state.counters["flops"] = current->problem.flops;
  state.counters["bytes"] = current->problem.bytes;
  state.counters["error"] = current->errors[index];
} catch (const std::exception& error) {
  state.SkipWithError(error.what());
}

}  // namespace

void add(const std::string& name, const std::vector<std::string>& contenders,
         std::function<Problem()> make) {
  for (int round = 0; round < kRounds; ++round)
    for (std::size_t i = 0; i < contenders.size(); ++i)
      benchmark::RegisterBenchmark(
          (name + "/" + contenders[i] + "/round:" + std::to_string(round)).c_str(),
          [=](benchmark::State& state) { time_contender(state, name, i, make); })
          ->UseManualTime()
          ->Iterations(kReplays)
          ->Unit(benchmark::kMicrosecond);
}

int run(int argc, char** argv) {
  if (!weft::gpu_available() || weft::gpu_properties().is_executor) {
    const std::string why = weft::gpu_available()
                                ? "this build's gpu is the SIMT executor, whose speed says nothing"
                                : weft::gpu_unavailable_reason();
    std::fprintf(stderr, "%s: nothing to measure: %s\n", argv[0], why.c_str());
    return 2;
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::AddCustomContext("gpu", weft::gpu_properties().name);
  benchmark::AddCustomContext("driver", weft::gpu_properties().driver);
  benchmark::AddCustomContext("vendor", std::string(blas_version()) + ", " + dnn_version());
  benchmark::RunSpecifiedBenchmarks();
  current.reset();
  benchmark::Shutdown();
  return 0;
}

}  // namespace bench
