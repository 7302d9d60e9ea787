// The scripts refuse what they do not understand, and the data are what they were.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace {

namespace fs = std::filesystem;

struct Outcome {
  int status;
  std::string output;
};

/// Runs a shell command in the project's folder; output and errors together.
Outcome run(const std::string& command) {
  const std::string line = "cd '" WEFT_SOURCE_DIR "' && { " + command + "; } 2>&1 </dev/null";
  FILE* pipe = popen(line.c_str(), "r");
  std::string output;
  char buffer[4096];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, pipe))
    output.append(buffer, count);
  return {WEXITSTATUS(pclose(pipe)), output};
}

TEST(Scripts, RefuseAnUnknownArgumentWithStatus2AndItsName) {
  for (const char* script :
       {"scripts/bootstrap", "scripts/build", "scripts/check_install", "scripts/check_kernels",
        "scripts/coverage", "scripts/gpu_check", "tests/run"}) {
    const Outcome outcome = run(std::string(script) + " --bogus");
    EXPECT_EQ(outcome.status, 2) << script << ": " << outcome.output;
    EXPECT_NE(outcome.output.find("--bogus"), std::string::npos)
        << script << ": " << outcome.output;
  }
}

TEST(Scripts, RefuseAnUnknownPreset) {
  const Outcome outcome = run("scripts/build --preset bogus");
  EXPECT_EQ(outcome.status, 2) << outcome.output;
  EXPECT_NE(outcome.output.find("\"bogus\""), std::string::npos) << outcome.output;
}

TEST(Scripts, ExplainThemselves) {
  for (const char* script :
       {"scripts/bootstrap", "scripts/build", "scripts/check_install", "scripts/check_kernels",
        "scripts/coverage", "scripts/gpu_check", "tests/run", "lessons/run"}) {
    const Outcome outcome = run(std::string(script) + " --help");
    EXPECT_EQ(outcome.status, 0) << script << ": " << outcome.output;
    EXPECT_EQ(outcome.output.rfind("usage: " + std::string(script), 0), 0u) << outcome.output;
  }
}

/// The words of a page that look like a path of the project.
std::set<std::string> paths_in(const std::string& page) {
  std::ifstream file(WEFT_SOURCE_DIR "/" + page);
  std::stringstream text;
  text << file.rdbuf();
  const std::string words = text.str();
  const std::regex path(R"((include|src|kernels|tests|scripts|docs|lessons|bench)/[\w./-]*\w)");
  std::set<std::string> paths;
  for (auto i = std::sregex_iterator(words.begin(), words.end(), path); i != std::sregex_iterator();
       ++i)
    paths.insert(i->str());
  return paths;
}

TEST(Docs, NameFilesThatExist) {
  for (const fs::directory_entry& page : fs::directory_iterator(WEFT_SOURCE_DIR "/docs")) {
    if (page.path().extension() != ".md") continue;
    for (const std::string& path : paths_in("docs/" + page.path().filename().string()))
      EXPECT_TRUE(fs::exists(WEFT_SOURCE_DIR "/" + path)) << page.path().filename() << ": " << path;
  }
}

TEST(Docs, TheCommandsForGdbStopInOneThread) {
  const std::string program =
      fs::read_symlink("/proc/self/exe").parent_path() / "executor_barrier_test";
  if (!fs::exists(program)) GTEST_SKIP() << "there is no " << program << " in this build";
  if (run("gdb --version").status != 0) GTEST_SKIP() << "there is no gdb";
  const Outcome outcome =
      run("WEFT_EXECUTOR_THREADS=1 gdb -batch -x scripts/kernel.gdb -ex kernel-catch -ex run "
          "-ex kernel-where -ex kernel-threads --args " +
          program + " --gtest_filter='*ThatDiffer*'");
  if (outcome.output.find("ptrace: Operation not permitted") != std::string::npos)
    GTEST_SKIP() << "gdb may not trace here";
  for (const char* line : {"block (0, 0, 0), thread (40, 0, 0) of 64",
                           "40 waits in __syncthreads, line ", "1 runs: thread 40"})
    EXPECT_NE(outcome.output.find(line), std::string::npos) << line << " is not in\n"
                                                            << outcome.output;
}

TEST(Scripts, BootstrapNamesWhatIsMissingWhereItCannotInstall) {
  const Outcome outcome = run(
      "tools=$(mktemp -d); for tool in bash sed awk; do ln -s \"$(command -v $tool)\" \"$tools\"; "
      "done; "
      "PATH=$tools \"$tools/bash\" scripts/bootstrap; status=$?; rm -r \"$tools\"; exit $status");
  EXPECT_EQ(outcome.status, 2) << outcome.output;
  EXPECT_NE(outcome.output.find("libboost-context-dev"), std::string::npos) << outcome.output;
}

constexpr const char* kResults = "bench/results/nvidia_h200/2026-11-26.json";

TEST(Bench, NeedsAGpu) {
  if (run("nvidia-smi").status == 0) GTEST_SKIP() << "there is a GPU";
  const Outcome outcome = run("bench/run gemm --out /dev/null/x");
  EXPECT_EQ(outcome.status, 2) << outcome.output;
  EXPECT_NE(outcome.output.find("no NVIDIA GPU"), std::string::npos) << outcome.output;
  EXPECT_EQ(run("bench/run gem").status, 2);
}

TEST(Bench, TableShowsRateAndShares) {
  const Outcome outcome = run(std::string("bench/table ") + kResults);
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_TRUE(std::regex_search(
      outcome.output,
      std::regex("gemm/fp32/4096x4096x4096 +ours +[0-9.]+ +[0-9.]+ TFLOP/s +0\\.[0-9]+ +[0-9]+ %")))
      << outcome.output;
}

TEST(Bench, CompareShowsWhatIsBeyondTheNoise) {
  const Outcome same = run(std::string("bench/compare ") + kResults + " " + kResults);
  EXPECT_EQ(same.status, 0) << same.output;
  EXPECT_EQ(same.output.rfind("0 changed", 0), 0u) << same.output;
  // The same file with one row's rounds divided by ten.
  const Outcome faster = run(
      std::string("f=$(mktemp); sed '/\"4096x4096x4096\", \"contender\": \"ours\"/s/\"rounds_us\": "
                  "\\[[^]]*\\]/\"rounds_us\": [332.1, 332.2]/' ") +
      kResults + " >$f; bench/compare " + kResults + " $f; rm $f");
  EXPECT_NE(faster.output.find("gemm/fp32/4096x4096x4096/ours: "), std::string::npos)
      << faster.output;
  EXPECT_NE(faster.output.find("\n1 changed"), std::string::npos) << faster.output;
  EXPECT_EQ(run("bench/compare nowhere.json nowhere.json").status, 2);
}

TEST(Data, FilesMatchTheirSums) {
  const Outcome outcome = run("cd data && sha256sum --check --strict --quiet SHA256SUMS");
  EXPECT_EQ(outcome.status, 0) << outcome.output;
}

TEST(Data, EveryFileHasASum) {
  const fs::path data = WEFT_DATA_DIR;
  std::set<std::string> listed, present;
  std::ifstream sums(data / "SHA256SUMS");
  for (std::string sum, name; sums >> sum >> name;) listed.insert(name);
  for (const auto& entry : fs::recursive_directory_iterator(data))
    if (entry.is_regular_file() && entry.path().parent_path() != data)
      present.insert(fs::relative(entry.path(), data).string());
  EXPECT_EQ(listed, present);
  EXPECT_GE(listed.size(), 8u);
}

}  // namespace
