// What is made of the benchmarks' results: the table, the comparison of two runs, the pictures. The programs
// themselves need a GPU.

#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <string>

#include "tests/support/shell.h"
#include "tests/support/temporary_folder.h"

namespace weft {
namespace {

namespace fs = std::filesystem;
using test::Outcome;
using test::run;

constexpr const char* kResults = "bench/results/nvidia_h200/2026-11-26.json";

/// A contender's row, named family/kind/shape/contender; without rounds it was not timed.
std::string row(const std::string& name, const std::string& rounds, double flops = 0,
                double bytes = 1e6) {
  static const std::regex kName("([^/]*)/([^/]*)/([^/]*)/([^/]*)");
  const std::string head = std::regex_replace(
      name, kName, R"({"family": "$1", "kind": "$2", "shape": "$3", "contender": "$4")");
  return head + ", \"rounds_us\": [" + rounds + "]" +
         (rounds.empty() ? ", \"problem\": \"wrong: off by 0.5\"}"
                         : ", \"flops\": " + std::to_string(flops) +
                               ", \"bytes\": " + std::to_string(bytes) + ", \"error\": 0}");
}

std::string file_of(const std::vector<std::string>& rows, const std::string& gpu = "A GPU") {
  std::string text = "{\"context\": {\"gpu\": \"" + gpu + "\"},\n\"rows\": [\n";
  for (std::size_t i = 0; i < rows.size(); ++i) text += (i == 0 ? "" : ",\n") + rows[i];
  return text + "\n]}\n";
}

/// A device that copies 2 TB/s, multiplies 20 TFLOP/s and takes 1 µs for a graph's node.
std::vector<std::string> ceilings() {
  return {row("ceilings/copy/1GiB/device_copy", "1000", 0, 2e9),
          row("ceilings/fp32/8192/cublas_fp32", "100", 2e9, 1e6),
          row("ceilings/latency/4/graph_node", "1", 0, 0)};
}

std::vector<std::string> some_rows() {
  std::vector<std::string> rows = ceilings();
  for (const std::string& one :
       {row("softmax/fp32/2x2/ours", ""), row("add/fp32/big/ours", "100", 0, 1e8),
        row("add/fp32/big/cudnn", "200", 0, 1e8), row("gemm/fp32/one/ours", "60, 40, 50", 4e8, 4e6),
        row("gemm/fp32/one/ours_register_tiled", "20", 4e8, 4e6),
        row("gemm/fp32/one/cublas_fp32", "25, 25, 25", 4e8, 4e6),
        row("gemm/fp32/one/cublas_tf32", "10", 4e8, 4e6),
        row("gemm/fp32/two/ours", "2, 2", 100, 4e3),
        row("convolution_forward/fp32/c/ours_direct", "3", 100, 4e3),
        row("convolution_forward/fp32/c/ours_im2col", "4", 100, 4e3),
        row("convolution_forward/fp32/c/cudnn_fp32", "6", 100, 4e3),
        row("gemm/fp32/two/cublas_fp32", "4", 100, 4e3)})
    rows.push_back(one);
  return rows;
}

void expect_in(const std::string& part, const std::string& text) {
  EXPECT_NE(text.find(part), std::string::npos) << "\"" << part << "\" is not in\n" << text;
}

TEST(Bench, NeedsAGpu) {
  if (run("nvidia-smi").status == 0) GTEST_SKIP() << "there is a GPU";
  const Outcome outcome = run("bench/run gemm --out /dev/null/x");
  EXPECT_EQ(outcome.status, 2) << outcome.output;
  EXPECT_NE(outcome.output.find("no NVIDIA GPU"), std::string::npos) << outcome.output;
  EXPECT_EQ(run("bench/run gem").status, 2);
}

TEST(Bench, RunKnowsEveryProgramThatMeasures) {
  const std::string usage = run("bench/run --help").output;
  int programs = 0;
  for (const fs::directory_entry& file : fs::directory_iterator(WEFT_SOURCE_DIR "/bench")) {
    const std::string name = file.path().stem();
    if (!name.ends_with("_bench")) continue;
    EXPECT_TRUE(
        std::regex_search(usage, std::regex("[ \n]" + name.substr(0, name.size() - 6) + "[, ;\n]")))
        << name << " is not in\n"
        << usage;
    ++programs;
  }
  EXPECT_GE(programs, 11);
}

TEST(Bench, TableShowsTimeRateSharesAndNoise) {
  const test::TemporaryFolder folder;
  test::put(folder / "r.json", file_of(some_rows()));
  const Outcome outcome = run("bench/table --markdown " + (folder / "r.json").string());
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  // 4e8 operations need 20 µs at 20 TFLOP/s, 1e8 bytes 50 µs at 2 TB/s, and nothing less than a node's 1 µs.
  for (const char* line :
       {"| gemm/fp32/one | ours | 50.00 | 8.0 TFLOP/s | 0.50 | 40 % | 20.0 % |",
        "| gemm/fp32/one | ours_register_tiled | 20.00 | 20.0 TFLOP/s | 1.25 | 100 % | 0.0 % |",
        "| gemm/fp32/one | cublas_fp32 | 25.00 | 16.0 TFLOP/s | 1.00 | 80 % | 0.0 % |",
        // Of TF32 no ceiling was measured: memory alone bounds it.
        "| gemm/fp32/one | cublas_tf32 | 10.00 | 40.0 TFLOP/s | 2.50 | 20 % | 0.0 % |",
        "| gemm/fp32/two | ours | 2.00 | 0.0 TFLOP/s | 2.00 | 50 % | 0.0 % |",
        "| add/fp32/big | ours | 100.00 | 1000 GB/s | 2.00 | 50 % | 0.0 % |",
        "| add/fp32/big | cudnn | 200.00 | 500 GB/s | 1.00 | 25 % | 0.0 % |",
        "| softmax/fp32/2x2 | ours | wrong: off by 0.5 |",
        "| ceilings/copy/1GiB | device_copy | 1000.00 | 2000 GB/s |  |  | 0.0 % |"})
    expect_in(line, outcome.output);
}

TEST(Bench, SummaryIsOfWhatTheLibraryChoosesAndOfProblemsThatBothHave) {
  const test::TemporaryFolder folder;
  test::put(folder / "r.json", file_of(some_rows()));
  const Outcome outcome = run("bench/table --summary " + (folder / "r.json").string());
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_EQ(outcome.output,
            "| family | problems | ours faster in | geometric mean | from, to |\n"
            "| --- | --- | --- | --- | --- |\n"
            "| `gemm` | 2 | 1 | 1.00 | 0.50 to 2.00 |\n"
            "| `convolution_forward` | 1 | 1 | 2.00 | 2.00 to 2.00 |\n"
            "| `add` | 1 | 1 | 2.00 | 2.00 to 2.00 |\n");
}

TEST(Bench, ThePageOfResultsAndTheReadmeHaveTheSummaryOfTheFile) {
  const Outcome outcome = run(std::string("bench/table --summary ") + kResults);
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  for (const char* page : {"bench/RESULTS.md", "README.md"})
    expect_in(outcome.output, test::get(fs::path(WEFT_SOURCE_DIR) / page));
}

TEST(Bench, MergesWhatTheProgramsWrote) {
  const test::TemporaryFolder folder;
  const std::string a = folder / "a.json", b = folder / "b.json", merged = folder / "r.json";
  const auto timed = [](const std::string& name, double time) {
    return "{\"name\": \"" + name +
           "/iterations:8/manual_time\", \"real_time\": " + std::to_string(time) +
           ", \"flops\": 2e6, \"bytes\": 3e6, \"error\": 1e-7}";
  };
  test::put(a, "{\"context\": {\"gpu\": \"A GPU\", \"num_cpus\": 2}, \"benchmarks\": [" +
                   timed("gemm/fp32/1x1/ours/round:0", 4) + "," +
                   timed("gemm/fp32/1x1/ours/round:1", 2) + "]}");
  test::put(b,
            "{\"context\": {\"gpu\": \"A GPU\"}, \"benchmarks\": [{\"name\": "
            "\"add/fp32/1/cudnn/round:0\", \"error_occurred\": true, \"error_message\": \"no such "
            "luck\"}]}");
  const Outcome outcome = run("bench/table --merge " + merged + " " + a + " " + b);
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  expect_in("no such luck", outcome.output);
  expect_in(R"({"context": {"gpu": "A GPU"},)", test::get(merged));
  expect_in(
      R"("contender": "ours", "rounds_us": [4.0, 2.0], "flops": 2000000.0, "bytes": 3000000.0)",
      test::get(merged));
}

TEST(Bench, CompareShowsWhatIsBeyondTheNoise) {
  const test::TemporaryFolder folder;
  const std::string before = folder / "before.json", after = folder / "after.json";
  test::put(before,
            file_of({row("f/k/s/faster", "100, 101, 102"), row("f/k/s/noisy", "100, 110, 120"),
                     row("f/k/s/under_two_percent", "100"), row("f/k/s/slower", "100"),
                     row("f/k/s/gone", "1"), row("f/k/s/fails_now", "1"), row("f/k/s/never", "")}));
  test::put(after,
            file_of({row("f/k/s/faster", "90, 91, 92"), row("f/k/s/noisy", "119, 125, 130"),
                     row("f/k/s/under_two_percent", "101.9"), row("f/k/s/slower", "104"),
                     row("f/k/s/new", "1"), row("f/k/s/fails_now", ""), row("f/k/s/never", "")}));
  const Outcome same = run("bench/compare " + before + " " + before);
  EXPECT_EQ(same.status, 0) << same.output;
  EXPECT_EQ(same.output, "0 changed, 6 within the noise\n");
  const Outcome changed = run("bench/compare " + before + " " + after);
  EXPECT_EQ(changed.status, 0) << changed.output;
  EXPECT_EQ(changed.output,
            "f/k/s/fails_now: measured in one of the two alone\n"
            "f/k/s/gone: gone\n"
            "f/k/s/new: new\n"
            "f/k/s/faster: 101.00 -> 91.00 µs, 1.11x as fast\n"
            "f/k/s/slower: 100.00 -> 104.00 µs, 0.96x as fast\n"
            "5 changed, 2 within the noise\n");
  test::put(after, file_of({}, "Another"));
  const Outcome other = run("bench/compare " + before + " " + after);
  EXPECT_EQ(other.status, 2);
  expect_in("expected results of one device, found A GPU and Another", other.output);
}

TEST(Bench, PlotDrawsRooflineRatiosAndFamilies) {
  const test::TemporaryFolder folder;
  const std::string file = folder / "r.json", out = folder / "out";
  test::put(file, file_of(some_rows()));
  const std::string both =
      "bench/plot " + file + " " + out + " && bench/plot --families " + file + " " + out;
  if (run("command -v gnuplot").status == 0) {
    const Outcome outcome = run(both);
    EXPECT_EQ(outcome.status, 0) << outcome.output;
    for (const char* name : {"roofline.png", "ratios.png", "families.png"})
      EXPECT_EQ(test::get(fs::path(out) / name).substr(1, 3), "PNG") << name << outcome.output;
  }
  fs::remove_all(out);
  const Outcome without =
      run("python=$(python3 -c 'import sys; print(sys.executable)'); PATH=; \"$python\" " +
          std::regex_replace(both, std::regex("&& "), "&& \"$python\" "));
  EXPECT_EQ(without.status, 0) << without.output;
  expect_in("gnuplot is not installed", without.output);
  for (const char* name : {"roofline.gp", "ratios.gp", "families.gp"})
    expect_in("set term pngcairo", test::get(fs::path(out) / name));
  EXPECT_FALSE(fs::exists(fs::path(out) / "ratios.png"));
}

TEST(Bench, PlotSaysWhatAFileLacks) {
  const test::TemporaryFolder folder;
  const std::string file = folder / "r.json", out = folder / "out";
  test::put(file, file_of({row("add/fp32/1/ours", "1"), row("add/fp32/1/cudnn", "2")}));
  const Outcome outcome = run("bench/plot " + file + " " + out);
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  expect_in("no roofline: the file has no ceilings", outcome.output);
  EXPECT_TRUE(fs::exists(fs::path(out) / "ratios.gp"));
  test::put(file, file_of(ceilings()));
  EXPECT_EQ(run("bench/plot " + file + " " + out).status, 2);
}

TEST(Bench, RefusesAFileThatIsNoneWithStatus2AndItsName) {
  const test::TemporaryFolder folder;
  const std::string file = folder / "bad.json", out = folder / "out";
  for (const std::string& content :
       {std::string(), std::string("{\"context\": {}, \"rows\": [{\"fam"), std::string("[1, 2]"),
        std::string("{\"rows\": []}"),
        std::string("{\"context\": {}, \"rows\": [{\"family\": 1}]}"),
        std::string("{\"context\": {}, \"rows\": 7}"), file_of({row("a/b/c/d", "1, \"2\"")}),
        file_of({row("a/b/c/d", "0")}), std::string("missing")}) {
    if (content == "missing")
      fs::remove(file);
    else
      test::put(file, content);
    const Outcome outcome = run("bench/table " + file);
    EXPECT_EQ(outcome.status, 2) << content << ": " << outcome.output;
    expect_in("bench: expected a results file of bench/run, found " + file, outcome.output);
    EXPECT_EQ(outcome.output.find("Traceback"), std::string::npos) << outcome.output;
  }
  for (const std::string& command :
       {"bench/table --summary " + file, "bench/table --merge " + out + " " + file,
        "bench/plot " + file + " " + out, std::string("bench/compare ") + kResults + " " + file}) {
    const Outcome outcome = run(command);
    EXPECT_EQ(outcome.status, 2) << command << ": " << outcome.output;
    expect_in(file, outcome.output);
    EXPECT_EQ(outcome.output.find("Traceback"), std::string::npos) << outcome.output;
    EXPECT_FALSE(fs::exists(out)) << "something was written";
  }
}

TEST(Bench, RefusesToWriteWhereItCannotWithStatus2) {
  const test::TemporaryFolder folder;
  const std::string file = folder / "file";
  test::put(file, "");
  for (const std::string& command : {std::string("bench/plot ") + kResults + " " + file,
                                     std::string("bench/plot ") + kResults + " ''"}) {
    const Outcome outcome = run(command);
    EXPECT_EQ(outcome.status, 2) << command << ": " << outcome.output;
    EXPECT_EQ(outcome.output.find("Traceback"), std::string::npos) << outcome.output;
  }
}

TEST(Bench, ScriptsExplainThemselvesAndRefuseOtherArguments) {
  for (const std::string script : {"bench/run", "bench/table", "bench/compare", "bench/plot"}) {
    EXPECT_EQ(run(script + " --help").status, 0) << script;
    expect_in("usage: " + script, run(script + " --help").output);
    EXPECT_EQ(run(script + " --bogus").status, 2) << script;
  }
}

}  // namespace
}  // namespace weft
