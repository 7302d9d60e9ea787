// scripts/gpu_check: what it runs, what it says of programs that fail, hang or are not reached, and that a run goes
// on where it was ended.

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/fake_bundle.h"

namespace {

using weft::test::FakeBundle;
using weft::test::Outcome;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

constexpr const char* kTests = " --phases tests ";

TEST(GpuCheck, RunsEveryPhaseAndWrites8FilesAtMost) {
  const FakeBundle bundle;
  const Outcome outcome = bundle.run("");
  const std::string report = bundle.report();
  EXPECT_EQ(outcome.status, 0) << outcome.output << report;
  for (const char* phase : {"device", "tests", "fragments", "lessons", "benchmarks", "peers",
                            "determinism", "sanitizer"})
    EXPECT_TRUE(has(report, std::string("| ") + phase + " | passed |")) << phase << report;
  for (const char* part :
       {"Weft on Fake GPU, 1.2.3", "a bundle of scripts", "04_lesson, full", "98 %",
        "all 12 layouts agree", "gemm: ours faster in 0 of 1, geometric mean 0.80",
        "racecheck: gemm_test"})
    EXPECT_TRUE(has(report, part)) << part << report;
  EXPECT_FALSE(has(report, "## Not reached")) << report;
  for (const char* file :
       {"checks.json", "logs.txt", "results.json", "peers.json", "fragments.txt"})
    EXPECT_TRUE(bundle.exists(std::string("out/") + file)) << file;
  EXPECT_LE(bundle.files(), 8);
  EXPECT_TRUE(has(bundle.file("out/logs.txt"), "=== tests/gemm_test: passed"));
  EXPECT_TRUE(has(bundle.file("out/results.json"), "\"family\": \"gemm\""));
}

TEST(GpuCheck, NamesWhatFails) {
  const FakeBundle bundle;
  bundle.test("softmax_test", FakeBundle::fails("Softmax.Breaks"));
  bundle.test("crash_test", "echo '[ RUN      ] Crash.Here'; kill -SEGV $$");
  bundle.test("empty_test", "echo '[  PASSED  ] 0 tests.'");
  const Outcome outcome = bundle.run(kTests);
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  for (const char* part : {"tests: softmax_test: Softmax.Breaks", "crash_test", "in Crash.Here",
                           "empty_test: ran no test", "| tests | failed |"})
    EXPECT_TRUE(has(bundle.report(), part)) << part << bundle.report();
  EXPECT_TRUE(has(bundle.report(), "| gemm_test | passed |"));
}

TEST(GpuCheck, EndsAProgramThatHangsAndRunsTheOthers) {
  const FakeBundle bundle;
  bundle.test("a_test", "trap '' TERM; echo '[ RUN      ] A.Hangs'; while :; do sleep 1; done");
  const Outcome outcome = bundle.run("--limit 1" + std::string(kTests));
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_TRUE(has(bundle.report(), "a_test: ended after")) << bundle.report();
  EXPECT_TRUE(has(bundle.report(), "in A.Hangs")) << bundle.report();
  EXPECT_TRUE(has(bundle.report(), "2 passed, 1 timed out")) << bundle.report();
}

TEST(GpuCheck, NamesWhatItDidNotReachAndResumes) {
  const FakeBundle bundle;
  bundle.test("first_test", FakeBundle::passes("First.Works"));
  bundle.test("slow_test", "sleep \"${WEFT_SLEEP:-60}\"; " + FakeBundle::passes("Slow.Works"));
  const Outcome cut = bundle.run("--minutes 0.1 --phases tests,lessons", "");
  EXPECT_EQ(cut.status, 1) << cut.output;
  EXPECT_TRUE(has(bundle.report(), "## Not reached")) << bundle.report();
  EXPECT_TRUE(has(bundle.report(), "slow_test (ended after")) << bundle.report();
  const int gemm = bundle.calls("gemm_test"), slow = bundle.calls("slow_test");
  EXPECT_EQ(gemm, 1);

  const Outcome resumed = bundle.run("--resume --phases tests,lessons", "WEFT_SLEEP=0");
  EXPECT_EQ(resumed.status, 0) << resumed.output << bundle.report();
  EXPECT_EQ(bundle.calls("gemm_test"), gemm) << "what ended is not run again";
  EXPECT_EQ(bundle.calls("slow_test"), slow + 1);
  EXPECT_FALSE(has(bundle.report(), "## Not reached")) << bundle.report();
  EXPECT_TRUE(has(bundle.report(), "| gemm_test | passed |")) << bundle.report();
  EXPECT_LE(bundle.files(), 8);

  const Outcome again = bundle.run("--resume --phases tests,lessons");
  EXPECT_EQ(again.status, 0);
  EXPECT_EQ(bundle.calls("slow_test"), slow + 1) << "phases that ended are not run again";
}

TEST(GpuCheck, GivesWhatIsLeftToWhatWasCutShort) {
  const FakeBundle bundle;
  bundle.test("slow_test", "if [[ ! -e begun ]]; then touch begun; sleep 60; fi; " +
                               FakeBundle::passes("Slow.Works"));
  const Outcome outcome = bundle.run("--minutes 0.2 --phases tests,benchmarks");
  EXPECT_EQ(outcome.status, 0) << outcome.output << bundle.report();
  EXPECT_EQ(bundle.calls("slow_test"), 2);
  EXPECT_EQ(bundle.calls("gemm_test"), 1);
}

TEST(GpuCheck, PhasesThatDidNotBeginNameTheirPrograms) {
  const FakeBundle bundle;
  bundle.test("slow_test", "sleep 60");
  const Outcome outcome =
      bundle.run("--phases tests,lessons,sanitizer", "timeout --preserve-status 5");
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  for (const char* part :
       {"Ended by signal 15", "- tests, 1: slow_test", "12_lesson, full", "racecheck: gemm_test"})
    EXPECT_TRUE(has(bundle.report(), part)) << part << bundle.report();
  EXPECT_TRUE(has(bundle.report(), "| gemm_test | passed |")) << bundle.report();
}

TEST(GpuCheck, ResumesOnTheSameGpuAlone) {
  const FakeBundle bundle;
  EXPECT_EQ(bundle.run(kTests).status, 0);
  bundle.program("tools/nvidia-smi", "echo 'Other GPU, 1.2.3'");
  const Outcome outcome = bundle.run("--resume" + std::string(kTests));
  EXPECT_EQ(outcome.status, 2);
  EXPECT_TRUE(has(outcome.output, "found Other GPU, 1.2.3")) << outcome.output;
  EXPECT_TRUE(has(bundle.report(), "Weft on Fake GPU")) << "what there was is left as it was";
}

TEST(GpuCheck, GoesOnFromWhatItWroteAlone) {
  const FakeBundle bundle;
  EXPECT_EQ(bundle.run("--phases benchmarks").status, 0);
  const std::string checks = bundle.file("out/checks.json"),
                    context = checks.substr(0, checks.find("\"phases\"")) + "\"phases\": ";
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{\"context\": 3, \"phases\": {}}"),
        context + "[]}", context + "{\"tests\": []}}",
        context + "{\"tests\": {\"status\": \"incomplete\", \"seconds\": 1}}}",
        context +
            "{\"tests\": {\"status\": \"incomplete\", \"seconds\": 1, \"items\": {\"a\": 1}}}}"}) {
    bundle.write("out/checks.json", text);
    const Outcome outcome = bundle.run("--resume" + std::string(kTests));
    EXPECT_EQ(outcome.status, 2) << text << outcome.output;
    EXPECT_TRUE(has(outcome.output, "checks.json: expected what an earlier run wrote"))
        << text << outcome.output;
    EXPECT_EQ(bundle.file("out/checks.json"), text);
  }
  bundle.write("out/checks.json", checks);
  bundle.write("out/results.json", "{\"context\": {}, \"rows\": [");
  Outcome outcome = bundle.run("--resume" + std::string(kTests));
  EXPECT_EQ(outcome.status, 2) << outcome.output;
  EXPECT_TRUE(has(outcome.output, "results.json: expected what")) << outcome.output;
  EXPECT_EQ(bundle.calls("gemm_test"), 0);
}

TEST(GpuCheck, LeavesAnotherProgramsFilesAlone) {
  const FakeBundle bundle;
  bundle.make("theirs");
  bundle.write("theirs/results.json", "of bench/run");
  for (const char* resume : {"", "--resume "}) {
    const Outcome outcome = bundle.run(resume + std::string("--out theirs") + kTests);
    EXPECT_EQ(outcome.status, 2) << outcome.output;
    EXPECT_TRUE(has(outcome.output, "with results.json and no checks.json")) << outcome.output;
  }
  EXPECT_EQ(bundle.file("theirs/results.json"), "of bench/run");
}

TEST(GpuCheck, AProgramThatIsGoneIsNotWaitedFor) {
  const FakeBundle bundle;
  bundle.test("slow_test", "sleep 60");
  EXPECT_EQ(bundle.run("--minutes 0.05" + std::string(kTests)).status, 1);
  bundle.remove("bin/slow_test");
  const Outcome outcome = bundle.run("--resume --minutes 0.1" + std::string(kTests));
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_TRUE(has(bundle.report(), "- tests, 1: slow_test")) << bundle.report();
  EXPECT_EQ(outcome.output.find("tests: incomplete"), outcome.output.rfind("tests: incomplete"))
      << outcome.output;
}

TEST(GpuCheck, BenchmarksInTheOrderOfWhatTheySayEachPartByItself) {
  const FakeBundle bundle;
  bundle.program("bin/batch_norm_bench", FakeBundle::benchmark("batch_norm", ""));
  bundle.program("bin/convolution_bench",
                 "[[ $* == *filter=^convolution_backward_data/* ]] && exit 3\n" +
                     FakeBundle::benchmark("convolution_forward", ""));
  const Outcome outcome = bundle.run("--phases benchmarks");
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  const std::string logs = bundle.file("out/logs.txt");
  std::size_t at = 0;
  for (const char* program :
       {"ceilings_bench: passed", "gemm_bench: passed",
        "convolution_bench, convolution_forward: passed",
        "convolution_bench, convolution_backward_data: failed", "batch_norm_bench: passed"}) {
    at = logs.find(program, at);
    ASSERT_NE(at, std::string::npos) << program << logs;
  }
  EXPECT_TRUE(has(bundle.file("out/results.json"), "convolution_forward"));
}

TEST(GpuCheck, SkipsWithTheReason) {
  const FakeBundle bundle;
  bundle.program("tools/compute-sanitizer", "echo '========= Error: Device not supported'; exit 1");
  bundle.program("bench/peers/run", "echo 'bench/peers: PyTorch is not installed' >&2; exit 2");
  bundle.remove("bin/ceilings_bench");
  bundle.remove("bin/fragment_layout_test");
  bundle.test("lessons_test", FakeBundle::fails("Lessons.NeedData"));
  bundle.remove("data/mnist");
  const Outcome outcome = bundle.run("");
  EXPECT_EQ(outcome.status, 0) << outcome.output << bundle.report();
  for (const char* part :
       {"refuses the device: Error: Device not supported", "PyTorch is not installed",
        "the benchmarks are not in this build", "fragment_layout_test is not in this build",
        "--data names a folder that has them"})
    EXPECT_TRUE(has(bundle.report(), part)) << part << bundle.report();
}

TEST(GpuCheck, FindsErrorsOfTheSanitizerDifferentBitsAndWrongResults) {
  const FakeBundle bundle;
  bundle.program("tools/compute-sanitizer",
                 "echo '========= COMPUTE-SANITIZER'; echo '========= Invalid __global__ write'; "
                 "echo '========= ERROR SUMMARY: 3 errors'");
  bundle.test("determinism_test", FakeBundle::passes("Determinism.Sums") +
                                      "echo \"digest: sums $(printf %x $$) of 3 runs\"");
  bundle.program("bin/gemm_bench", FakeBundle::benchmark("gemm", "wrong: off by 0.1"));
  const Outcome outcome = bundle.run("");
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  for (const char* part : {"memcheck: gemm_test: 3 errors: Invalid __global__ write",
                           "different bits: sums", "wrong results: gemm/fp32/64x64/ours"})
    EXPECT_TRUE(has(bundle.report(), part)) << part << bundle.report();
}

TEST(GpuCheck, KeepsWhatTheSanitizerFoundInAProgramThatWasEnded) {
  const FakeBundle bundle;
  bundle.program("tools/compute-sanitizer",
                 "echo '========= Invalid __global__ read of size 4 bytes'; "
                 "[[ $* == *doctor* ]] || sleep 60; echo '========= ERROR SUMMARY: 1 error'");
  const Outcome outcome = bundle.run("--minutes 0.1 --phases sanitizer");
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_TRUE(has(bundle.report(), "s: Invalid __global__ read of size 4 bytes"))
      << bundle.report();
}

TEST(GpuCheck, ClaimsMustHold) {
  const FakeBundle bundle;
  bundle.program("bin/weft-lessons", R"(
case $1 in
  list) echo '04_lesson  what it shows' ;;
  doctor) echo 'gpu         gpu: Fake GPU' ;;
  run)
    while [[ $1 != --out ]]; do shift; done
    mkdir -p "$2"
    echo '{"claims": [{"claim": "it learns", "found": "10 %", "holds": false}], "stopped": ""}' >"$2/result.json" ;;
esac)");
  const Outcome outcome = bundle.run("--phases lessons");
  EXPECT_EQ(outcome.status, 1) << outcome.output;
  EXPECT_TRUE(has(bundle.report(), "04_lesson, smoke: it learns, found 10 %")) << bundle.report();
}

TEST(GpuCheck, NeedsAGpuThatTheBuildCanUse) {
  const FakeBundle bundle;
  bundle.program("bin/weft-lessons", "echo 'gpu         none: the driver is too old'; exit 1");
  Outcome outcome = bundle.run(kTests);
  EXPECT_EQ(outcome.status, 2) << outcome.output;
  EXPECT_TRUE(has(outcome.output, "the driver is too old")) << outcome.output;
  EXPECT_EQ(bundle.calls("gemm_test"), 0);
  EXPECT_TRUE(has(bundle.report(), "- tests, 2: gemm_test")) << bundle.report();

  bundle.program("tools/nvidia-smi", "exit 9");
  outcome = bundle.run("");
  EXPECT_EQ(outcome.status, 2) << outcome.output;
  EXPECT_TRUE(has(outcome.output, "no NVIDIA GPU was found")) << outcome.output;
}

TEST(GpuCheck, PlansWithoutAGpu) {
  const FakeBundle bundle;
  bundle.program("tools/nvidia-smi", "exit 9");
  const Outcome outcome = bundle.run("--plan --minutes 10 --phases tests,lessons,peers");
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  for (const char* part : {"1. tests, 5.2 min", "2. lessons, 2.4 min", "3. peers, 2.4 min"})
    EXPECT_TRUE(has(outcome.output, part)) << part << outcome.output;
  EXPECT_FALSE(bundle.exists("out"));
}

TEST(GpuCheck, RefusesBadInput) {
  const FakeBundle bundle;
  for (const auto& [arguments, complaint] : std::vector<std::pair<std::string, std::string>>{
           {"--minutes 0", "found \"0\""},
           {"--minutes ten", "found \"ten\""},
           {"--phases tests,naps", "found \"naps\""},
           {"--peers slow", "'slow'"},
           {"--out ''", "--out: expected a folder, found nothing"},
           {"--data ''", "--data: expected a folder, found nothing"},
           {"--bundle ''", "--bundle: expected a folder, found nothing"},
           {"--data nowhere", "expected a folder with mnist/ in it, found nowhere"},
           {"--bundle there", "a bundle cannot make a bundle"},
           {"--out /dev/null/x", "expected a folder to write to"}}) {
    const Outcome outcome = bundle.run(arguments);
    EXPECT_EQ(outcome.status, 2) << arguments << outcome.output;
    EXPECT_TRUE(has(outcome.output, complaint)) << arguments << outcome.output;
  }
}

}  // namespace
