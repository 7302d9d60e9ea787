#include "support/run_each.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <system_error>

#include "support/overview.h"
#include "support/text.h"
#include "weft/error.h"
#include "weft/io.h"

namespace lessons {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

namespace {

constexpr const char* kOutput = "output.txt";
constexpr int kSignal = 128;  // what a shell adds to the number of the signal that ended a program
constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};

// What the handler knows. The lesson gets the signal as well where it was sent to this program alone.
volatile std::sig_atomic_t caught = 0, running = 0;

void catch_signal(int signal) {
  caught = signal;
  if (running > 0) kill(static_cast<pid_t>(running), signal);
}

void catch_signals() {
  for (const int signal : kSignals) {
    struct sigaction action {};
    sigaction(signal, nullptr, &action);
    if (action.sa_handler == SIG_IGN) continue;  // as nohup and a shell's & leave it
    action.sa_handler = catch_signal;
    action.sa_flags = SA_RESTART;  // so that no line that is being written is cut
    sigaction(signal, &action, nullptr);
  }
}

// The exit status of the program, or 128 + n where signal n ended it, as a shell has it. Where `output` is
// not empty, what it prints goes there.
int run_program(std::vector<std::string> words, const fs::path& output) {
  const fs::path program = fs::read_symlink("/proc/self/exe");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  if (!output.empty()) {
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, output.c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0666);
    posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  }
  // No signal between the start of the lesson and the handler's knowing of it.
  sigset_t held, before;
  sigemptyset(&held);
  for (const int signal : kSignals) sigaddset(&held, signal);
  sigprocmask(SIG_BLOCK, &held, &before);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &before);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t child = 0;
  const int error =
      posix_spawn(&child, program.c_str(), &files, &attributes, arguments.data(), environ);
  if (error == 0) running = child;
  sigprocmask(SIG_SETMASK, &before, nullptr);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error != 0)
    throw std::system_error(error, std::generic_category(),
                            "expected to start " + program.string());

  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  running = 0;
  return WIFSIGNALED(status) ? kSignal + WTERMSIG(status) : WEXITSTATUS(status);
}

std::vector<std::string> words_for(const Options& options, const Lesson& lesson) {
  std::vector<std::string> words{"weft-lessons", "run", lesson.full_name()};
  for (const std::vector<std::string>& flag : options.flags) {
    const std::string& name = flag.front();
    const bool for_training = name == "--epochs" || name == "--lr" || name == "--batch";
    if ((name == "--data" && !lesson.takes_data) || (for_training && !lesson.trains)) continue;
    words.insert(words.end(), flag.begin(), flag.end());
  }
  words.insert(words.end(), {"--out", (options.out / lesson.full_name()).string()});
  return words;
}

// What a program says last is why it ended.
std::string last_line(const fs::path& file) {
  std::ifstream lines(file);
  std::string last;
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) last = line;
  constexpr std::string_view kPrefix = "weft-lessons: ";
  return last.starts_with(kPrefix) ? last.substr(kPrefix.size()) : last;
}

// In place of what a lesson writes itself, of one that did not come so far.
Result unfinished(const Options& options, const Lesson& lesson, int status, double seconds) {
  Result result{.lesson = lesson.full_name(),
                .title = "Lesson " + lesson.full_name(),
                .status = status,
                .seed = options.settings.seed,
                .smoke = options.smoke,
                .device = weft::describe(options.device),
                .seconds = seconds,
                .ended = time_now(),
                .version = WEFT_VERSION};
  if (status > kSignal)
    result.stopped = verdict(result) + std::string(" by signal ") +
                     std::to_string(status - kSignal) + " (" + strsignal(status - kSignal) + ")";
  else if (options.all)
    result.stopped = last_line(options.out / lesson.full_name() / kOutput);
  if (result.stopped.empty())
    result.stopped = "It ended with status " + std::to_string(status) + ".";
  return result;
}

std::string headline(const Lesson& lesson) {
  std::string name = lesson.full_name();
  name[2] = ' ';
  return name + std::string(30 - std::min<std::size_t>(29, name.size()), ' ');
}

Result run_one(const Options& options, const Lesson& lesson) {
  const fs::path folder = options.out / lesson.full_name();
  if (options.all) {
    std::cout << headline(lesson) << std::flush;
    weft::write_file(folder / kOutput, "");  // says it where it cannot
  }
  const auto begun = Clock::now();
  const int status = run_program(words_for(options, lesson), options.all ? folder / kOutput : "");
  const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  auto result = status <= 1 ? read_result(folder) : std::nullopt;
  if (!result || result->status != status) result = unfinished(options, lesson, status, seconds);
  if (options.all) result->output = kOutput;
  write_result(folder, *result);
  if (options.all)
    std::cout << std::left << std::setw(15) << verdict(*result) << std::right << std::setw(10)
              << duration(result->seconds) << "   " << result->device << std::endl;
  return *result;
}

}  // namespace

int run_each(const Options& options) {
  const fs::path out = fs::absolute(options.out).lexically_normal();
  // The page shows the results of other lessons too: what is no result is said before anything is run.
  for (const Lesson& lesson : all_lessons())
    if (std::find(options.lessons.begin(), options.lessons.end(), &lesson) == options.lessons.end())
      read_result(out / lesson.full_name());
  // What an earlier run left must not pass for this one's.
  for (const Lesson* lesson : options.lessons) remove_result(out / lesson->full_name());
  catch_signals();
  std::vector<Result> results;
  int worst = 0;
  for (const Lesson* lesson : options.lessons) {
    if (caught != 0) break;
    results.push_back(run_one(options, *lesson));
    worst = std::max(worst, results.back().status);
  }
  if (caught != 0) worst = kSignal + caught;
  print_results(results);
  write_overview(out);
  if (results.size() < options.lessons.size())
    std::cout << options.lessons.size() - results.size() << " were not run\n";
  std::cout << "\nThe page: " << (out / "index.html").string() << std::endl;
  return worst;
}

}  // namespace lessons
