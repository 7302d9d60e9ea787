// Times whole training steps of lessons 04, 08, 12, 24 and 26, eager: with a shuffled batch gathered first, and on one
// that lies ready. On a GPU the losses of the first steps are compared with the CPU path's before a time is taken.

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "bench/training_step/lessons.h"
#include "bench/training_step/report.h"
#include "bench/training_step/training.h"
#include "weft/device.h"

namespace {

constexpr const char* kUsage =
    "usage: training_step_bench [cpu|gpu] [LESSON...] [--rounds N] [--check|--unchecked] "
    "[--benchmark_out=FILE]\n"
    "\n"
    "LESSON is 04, 08, 12, 24, 26 (two convolutions) or 26_batch_norm; none: all. Prints medians "
    "over N rounds\n"
    "(default: 5, 1 to 1000) of about 0.1 s, in microseconds a step; with --check the losses of "
    "the first steps, and\n"
    "no times. On a GPU these losses are compared with the CPU's, which takes seconds, but not "
    "with --unchecked. FILE\n"
    "gets the rounds and the losses as JSON. Default device: gpu where there is one, else cpu.\n";

constexpr double kTolerance = 1e-3;  // of a loss, between two devices' orders of summation

struct Arguments {
  std::optional<weft::Device> device;
  std::vector<const bench::Lesson*> lessons;
  int rounds = 5;
  bool is_check = false, is_unchecked = false, is_help = false;
  std::string file;
};

[[noreturn]] void refuse(const std::string& expected, std::string_view found) {
  throw std::invalid_argument("expected " + expected + ", found \"" + std::string(found) + "\"");
}

int rounds_of(std::string_view text) {
  int rounds = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, rounds);
  if (error != std::errc{} || stop != end || rounds < 1 || rounds > 1000)
    refuse("--rounds from 1 to 1000", text);
  return rounds;
}

Arguments parse(const std::vector<std::string_view>& words) {
  constexpr std::string_view kOut = "--benchmark_out=";  // Google Benchmark's names, for bench/run
  Arguments arguments;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "cpu" || word == "gpu")
      arguments.device = word == "cpu" ? weft::Device::cpu : weft::Device::gpu;
    else if (word == "--rounds")
      arguments.rounds = rounds_of(i + 1 < words.size() ? words[++i] : "");
    else if (word == "--check")
      arguments.is_check = true;
    else if (word == "--unchecked")
      arguments.is_unchecked = true;
    else if (word == "--help" || word == "-h")
      arguments.is_help = true;
    else if (word.starts_with(kOut))
      arguments.file = word.substr(kOut.size());
    else if (const bench::Lesson* lesson = bench::find_lesson(word))
      arguments.lessons.push_back(lesson);
    else if (word != "--benchmark_out_format=json")
      refuse(
          "cpu, gpu, a lesson of 04, 08, 12, 24, 26 and 26_batch_norm, --rounds N, --check, "
          "--unchecked or --benchmark_out=FILE",
          word);
  }
  if (arguments.is_check && arguments.is_unchecked)
    throw std::invalid_argument("expected --check or --unchecked, found both");
  if (arguments.lessons.empty())
    for (const bench::Lesson& lesson : bench::lessons()) arguments.lessons.push_back(&lesson);
  return arguments;
}

weft::Device device_of(const Arguments& arguments) {
  const bool is_executor = weft::gpu_available() && weft::gpu_properties().is_executor;
  const weft::Device device = arguments.device.value_or(
      weft::gpu_available() && !is_executor ? weft::Device::gpu : weft::Device::cpu);
  if (device == weft::Device::cpu) return device;
  if (!weft::gpu_available()) throw std::invalid_argument(weft::gpu_unavailable_reason());
  if (is_executor && !arguments.is_check)
    throw std::invalid_argument(
        "this build's gpu is the SIMT executor, whose speed says nothing; --check runs there");
  return device;
}

bench::Measured measure(const bench::Lesson& lesson, weft::Device device,
                        const Arguments& arguments) {
  bench::Measured measured{&lesson, {}, 0, {}, {}};
  const bool is_gpu = device == weft::Device::gpu;
  const bool is_compared = is_gpu && !arguments.is_unchecked;
  if (is_compared || arguments.is_check) measured.losses = bench::first_losses(lesson, device);
  if (is_compared)
    measured.error =
        bench::largest_difference(measured.losses, bench::first_losses(lesson, weft::Device::cpu));
  if (!(measured.error <= kTolerance))
    measured.problem = "wrong: a loss of the first steps is off the CPU path's by " +
                       std::to_string(measured.error) + " of it, expected at most " +
                       std::to_string(kTolerance);
  else if (!arguments.is_check)
    measured.times = bench::time_steps(lesson, device, arguments.rounds);
  return measured;
}

}  // namespace

int main(int count, char** words) try {
  const Arguments arguments = parse({words + 1, words + count});
  if (arguments.is_help) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  const weft::Device device = device_of(arguments);
  std::printf(
      "%s\n%-14s %5s  %s\n", weft::describe(device).c_str(), "lesson", "batch",
      arguments.is_check ? "losses of the first steps" : "gather and step  ready step (us)");
  std::vector<bench::Measured> measured;
  for (const bench::Lesson* lesson : arguments.lessons) {
    measured.push_back(measure(*lesson, device, arguments));
    bench::print(measured.back());
  }
  if (!arguments.file.empty()) bench::save(arguments.file, device, measured);
  const auto is_wrong = [](const bench::Measured& m) { return !m.problem.empty(); };
  // In a file a row says what is wrong, and the other rows stand, as in the other benchmarks.
  return arguments.file.empty() && std::ranges::any_of(measured, is_wrong) ? 1 : 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "training_step_bench: %s\n", error.what());
  return 2;
}
