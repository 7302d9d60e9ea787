#pragma once

// A bundle of small shell scripts in place of programs, and an nvidia-smi that lists a GPU: what scripts/gpu_check
// makes of them needs no GPU.

#include <filesystem>
#include <iterator>
#include <sstream>
#include <string>

#include "tests/support/shell.h"
#include "tests/support/temporary_folder.h"

namespace weft::test {

class FakeBundle {
 public:
  FakeBundle() {
    namespace fs = std::filesystem;
    const fs::path source = WEFT_SOURCE_DIR;
    for (const char* folder : {"bin", "tools", "bench/peers", "data/mnist"})
      fs::create_directories(folder_ / folder);
    fs::copy(source / "scripts/gpu_check", folder_ / "gpu_check");
    fs::copy(source / "scripts/checks", folder_ / "checks", fs::copy_options::recursive);
    for (const char* script : {"results.py", "table", "plot"})
      fs::copy(source / "bench" / script, folder_ / "bench" / script);
    put(folder_ / "BUNDLE.txt", "a bundle of scripts\n");
    program("tools/nvidia-smi", "echo 'Fake GPU, 1.2.3'");
    program("tools/compute-sanitizer", kSanitizer);
    program("bin/weft-lessons", kLessons);
    program("bin/ceilings_bench", benchmark("ceilings", ""));
    program("bin/gemm_bench", benchmark("gemm", ""));
    program("bench/peers/run", R"(shift 3; echo '{}' >"$1")");
    test("gemm_test", passes("Gemm.Works"));
    test("softmax_test", passes("Softmax.Works"));
    test("fragment_layout_test",
         passes("Fragments.Agree") +
             "echo dumped >\"$WEFT_FRAGMENT_DUMP\"; echo 'all 12 layouts agree'");
    test("determinism_test",
         passes("Determinism.Products") + "echo 'digest: linear 00ff of 3 runs'");
  }

  /// A script; each call of a program is noted in the file calls.
  void program(const std::string& path, const std::string& body) const {
    const auto file = folder_ / path;
    put(file, "#!/usr/bin/env bash\necho \"$(basename \"$0\")\" >>'" +
                  (folder_ / "calls").string() + "'\n" + body + "\n");
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  }
  void test(const std::string& name, const std::string& body) const {
    program("bin/" + name, body);
  }

  static std::string passes(const std::string& name) {
    return "echo '[ RUN      ] " + name + "'; echo '[       OK ] " + name +
           " (1 ms)'; echo '[  PASSED  ] 1 test.'\n";
  }
  static std::string fails(const std::string& name) {
    return "echo '[ RUN      ] " + name + "'; echo '[  FAILED  ] " + name +
           " (1 ms)'; echo '[  PASSED  ] 0 tests.'; echo '[  FAILED  ] 1 test, listed below:'; "
           "exit 1\n";
  }
  /// What a benchmark program writes, with an error in place of ours' time where there is one.
  static std::string benchmark(const std::string& family, const std::string& error) {
    const std::string ours = error.empty()
                                 ? R"("real_time": 5, "flops": 4e9, "bytes": 1e6, "error": 0)"
                                 : R"("error_occurred": true, "error_message": ")" + error + '"';
    return R"(for a in "$@"; do [[ $a == --benchmark_out=* ]] && out=${a#*=}; done; cat >"$out" <<'J'
{"context": {"date": "today", "gpu": "Fake GPU", "driver": "1.2.3"}, "benchmarks": [
 {"name": ")" +
           family + R"(/fp32/64x64/ours/round:0", )" + ours + R"(},
 {"name": ")" +
           family +
           R"(/fp32/64x64/cublas_fp32/round:0", "real_time": 4, "flops": 4e9, "bytes": 1e6, "error": 0}]}
J
)";
  }

  Outcome run(const std::string& arguments, const std::string& before = "") const {
    return test::run("PATH=\"$PWD/tools:$PATH\" " + before + " ./gpu_check --out out " + arguments,
                     folder_.path().string());
  }
  void make(const std::string& folder) const {
    std::filesystem::create_directories(folder_ / folder);
  }
  void write(const std::string& path, const std::string& text) const { put(folder_ / path, text); }

  std::string report() const { return get(folder_ / "out/report.md"); }
  std::string file(const std::string& name) const { return get(folder_ / name); }
  bool exists(const std::string& name) const { return std::filesystem::exists(folder_ / name); }
  void remove(const std::string& name) const { std::filesystem::remove(folder_ / name); }

  int calls(const std::string& program) const {
    int count = 0;
    std::istringstream lines(get(folder_ / "calls"));
    for (std::string line; std::getline(lines, line);) count += line == program;
    return count;
  }
  std::ptrdiff_t files() const {
    using Files = std::filesystem::directory_iterator;
    return std::distance(Files(folder_ / "out"), Files());
  }

 private:
  static constexpr const char* kSanitizer = R"(
if [[ $* == *doctor* ]]; then echo '========= Error: Target application terminated before first instrumented API call'; exit 255; fi
while [[ $1 == -* ]]; do shift 2; done
"$@"; status=$?
echo '========= ERROR SUMMARY: 0 errors'
exit $status)";
  static constexpr const char* kLessons = R"(
case $1 in
  list) for n in 04 12 23 24 25 26; do echo "${n}_lesson  what it shows"; done ;;
  doctor) echo 'weft        0.1.0'; echo 'gpu         gpu: Fake GPU, compute capability 9.0' ;;
  run)
    while [[ $1 != --out ]]; do shift; done
    mkdir -p "$2"; echo weights >"$2/model.safetensors"
    echo '{"claims": [{"claim": "it learns", "found": "98 %", "holds": true}], "stopped": ""}' >"$2/result.json" ;;
esac)";

  TemporaryFolder folder_;
};

}  // namespace weft::test
