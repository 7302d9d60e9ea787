// The scripts refuse what they do not understand, and the data are what they were.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "tests/support/shell.h"

namespace {

namespace fs = std::filesystem;

using weft::test::Outcome;
using weft::test::run;

TEST(Scripts, RefuseAnUnknownArgumentWithStatus2AndItsName) {
  for (const char* script :
       {"scripts/api_reference", "scripts/bootstrap", "scripts/build", "scripts/check_install",
        "scripts/check_kernels", "scripts/coverage", "scripts/gpu_check", "tests/run"}) {
    const Outcome outcome = run(std::string(script) + " --bogus");
    EXPECT_EQ(outcome.status, 2) << script << ": " << outcome.output;
    EXPECT_NE(outcome.output.find("--bogus"), std::string::npos)
        << script << ": " << outcome.output;
  }
}

TEST(Scripts, RefuseAFlagWithoutItsValue) {
  for (const char* command :
       {"scripts/api_reference --out", "scripts/build --preset", "scripts/check_install --preset",
        "scripts/check_kernels --arch", "scripts/check_kernels --sass ''",
        "scripts/coverage --report", "scripts/gpu_check --out ''"}) {
    const Outcome outcome = run(command);
    EXPECT_EQ(outcome.status, 2) << command << ": " << outcome.output;
    const std::string flag =
        std::regex_replace(std::string(command), std::regex("[^ ]* (--[a-z]+).*"), "$1");
    EXPECT_NE(outcome.output.find(flag), std::string::npos) << outcome.output;
    EXPECT_EQ(outcome.output.find("line "), std::string::npos) << outcome.output;
  }
  EXPECT_EQ(run("scripts/check_kernels nowhere.cu").status, 2);
}

TEST(Scripts, RefuseAnUnknownPreset) {
  const Outcome outcome = run("scripts/build --preset bogus");
  EXPECT_EQ(outcome.status, 2) << outcome.output;
  EXPECT_NE(outcome.output.find("\"bogus\""), std::string::npos) << outcome.output;
}

TEST(Scripts, ExplainThemselves) {
  for (const char* script : {"scripts/api_reference", "scripts/bootstrap", "scripts/build",
                             "scripts/check_install", "scripts/check_kernels", "scripts/coverage",
                             "scripts/gpu_check", "tests/run", "lessons/run"}) {
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

// A loop of four instructions, two of them FFMA, around it an outer one, and at the end the usual branch to itself.
constexpr const char* kSass = R"(.text.some_kernel:
.L_x_2:
 /*0000*/ @P0 LDG.E.128.CONSTANT R4, desc[UR4][R2.64] ;
 /*0010*/ LDG.E R8, desc[UR4][R2.64+0x10] ;
.L_x_0:
 /*0020*/ FFMA R4, R5, R6, R4 ;
 /*0030*/ @!P1 BAR.SYNC.DEFER_BLOCKING 0x0 ;
 /*0040*/ FFMA R5, R5, R6, R5 ;
 /*0050*/ @P1 BRA `(.L_x_0) ;
 /*0060*/ @P2 BRA `(.L_x_2) ;
 /*0070*/ STG.E.128 desc[UR4][R2.64], R4 ;
.L_x_1:
 /*0080*/ BRA `(.L_x_1);
)";

TEST(Scripts, SassSummaryCountsAndFindsTheMainLoop) {
  const auto summary = [](const std::string& text) {
    return run("printf '%s' '" + text + "' | awk -v architecture=90a -f scripts/sass_summary.awk");
  };
  const Outcome clean = summary(kSass);
  EXPECT_EQ(clean.status, 0);
  EXPECT_TRUE(std::regex_match(clean.output,
                               std::regex("90a +2 +1 +1 +1 +0 +0 +2 +0 +1 +4 +50% +some_kernel\n")))
      << clean.output;
  const Outcome spills = summary(kSass + std::string(" /*0090*/ STL.64 [R1+0x8], R4 ;\n"));
  EXPECT_EQ(spills.status, 1) << spills.output;
}

TEST(Scripts, CheckKernelsDisassembles) {
  const std::string file = "kernels/optimizer/sgd.cu";
  const Outcome outcome = run("d=$(mktemp -d); scripts/check_kernels --arch 90a --sass $d " + file +
                              " && cat $d/summary.txt $d/sgd.sm_90a.sass; s=$?; rm -r $d; exit $s");
  if (outcome.status == 3) GTEST_SKIP() << outcome.output;
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_TRUE(std::regex_search(outcome.output,
                                std::regex("\n90a +[1-9][0-9]* +[1-9][0-9]* .* sgd_flat_kernel\n")))
      << outcome.output;
  EXPECT_NE(outcome.output.find("LDG.E.128"), std::string::npos) << outcome.output;
}

TEST(Docs, EveryPublicFunctionHasAContract) {
  const Outcome outcome =
      run("d=$(mktemp -d); scripts/api_reference --out $d && grep -l 'softmax()' "
          "$d/group__rows.html; s=$?; rm -r $d; exit $s");
  if (outcome.status == 3) GTEST_SKIP() << outcome.output;
  EXPECT_EQ(outcome.status, 0) << outcome.output;
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
