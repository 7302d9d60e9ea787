#include "src/figures/gnuplot.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string_view>
#include <vector>

#include "src/figures/script.h"
#include "weft/io.h"

// gnuplot reads the script from its file and sends the picture through a pipe. Nothing is ever written
// to the process, so that no SIGPIPE can come from it; a picture is checked before it becomes a file.

namespace weft::figures {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience{60};

class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) ends_ = {-1, -1};
  }
  ~Pipe() {
    close(0);
    close(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  bool ok() const { return ends_[0] >= 0; }
  int end(std::size_t which) const { return ends_[which]; }
  void close(std::size_t which) {
    if (ends_[which] >= 0) ::close(ends_[which]);
    ends_[which] = -1;
  }

 private:
  std::array<int, 2> ends_{};
};

// Starts gnuplot with its output in two pipes; returns its process, or 0 with errno set.
pid_t start(std::vector<std::string> arguments, const Pipe& output, const Pipe& errors) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output.end(1), 1);
  posix_spawn_file_actions_adddup2(&actions, errors.end(1), 2);
  arguments.insert(arguments.begin(), "gnuplot");
  std::vector<char*> words;
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  pid_t process = 0;
  const int error = posix_spawnp(&process, "gnuplot", &actions, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  errno = error;
  return error == 0 ? process : 0;
}

// Reads both pipes to their ends. Returns false where that takes too long.
bool read_all(Pipe& output, Pipe& errors, std::string& png, std::string& complaint) {
  const auto deadline = Clock::now() + kPatience;
  std::array<pollfd, 2> waiting{{{output.end(0), POLLIN, 0}, {errors.end(0), POLLIN, 0}}};
  while (waiting[0].fd >= 0 || waiting[1].fd >= 0) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    if (::poll(waiting.data(), waiting.size(), static_cast<int>(left)) < 0 && errno != EINTR)
      return false;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].fd < 0 || waiting[i].revents == 0) continue;
      std::array<char, 1 << 16> buffer;
      const auto got = ::read(waiting[i].fd, buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0)
        waiting[i].fd = -1;  // poll passes over negative descriptors
      else
        (i == 0 ? png : complaint).append(buffer.data(), static_cast<std::size_t>(got));
    }
  }
  return true;
}

bool is_whole_png(std::string_view png) {
  constexpr std::string_view kBegin("\x89PNG\r\n\x1a\n", 8);
  constexpr std::string_view kEnd("IEND\xae\x42\x60\x82", 8);
  return png.starts_with(kBegin) && png.ends_with(kEnd);
}

// gnuplot shows the line, then a caret below it, then what is wrong: the last line says it.
std::string last_line(std::string_view complaint) {
  const auto end = complaint.find_last_not_of(" \r\n");
  if (end == std::string_view::npos) return "it said nothing";
  complaint = complaint.substr(0, end + 1);
  const auto begin = complaint.rfind('\n');
  return std::string(begin == std::string_view::npos ? complaint : complaint.substr(begin + 1));
}

// Runs gnuplot to its end. Returns what it wrote, or a problem, which begins with `about`.
Drawing run(const std::vector<std::string>& arguments, const std::string& about) {
  Pipe output, errors;
  if (!output.ok() || !errors.ok())
    return {"", std::string("no pipe to gnuplot: ") + std::strerror(errno)};
  const pid_t process = start(arguments, output, errors);
  if (process == 0)
    return {"", errno == ENOENT
                    ? "gnuplot is not installed"
                    : std::string("gnuplot cannot be started: ") + std::strerror(errno)};
  output.close(1);
  errors.close(1);

  Drawing drawing;
  std::string complaint;
  const bool in_time = read_all(output, errors, drawing.output, complaint);
  if (!in_time) ::kill(process, SIGKILL);
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  if (!in_time)
    drawing.problem = about + "did not end within a minute";
  else if (!WIFEXITED(status))
    drawing.problem = about + "was ended by signal " + std::to_string(WTERMSIG(status));
  else if (WEXITSTATUS(status) != 0)
    drawing.problem = about + "ended with status " + std::to_string(WEXITSTATUS(status)) + ": " +
                      last_line(complaint);
  return drawing;
}

}  // namespace

Drawing draw(const std::filesystem::path& script) {
  const std::string about = "gnuplot, drawing " + script.string() + ", ";
  // --default-settings: nobody's ~/.gnuplot changes the figures.
  Drawing drawing = run({"--default-settings", "-e", "to_stdout=1", script.string()}, about);
  if (drawing.problem.empty() && !is_whole_png(drawing.output))
    drawing.problem =
        about + "gave no whole PNG (" + std::to_string(drawing.output.size()) + " bytes)";
  return drawing;
}

SavedFigure save(const FigureFile& file, const Script& script,
                 const std::function<std::string()>& table) {
  const auto folder = std::filesystem::absolute(file.folder).lexically_normal();
  SavedFigure saved;
  saved.script = folder / (file.name + ".gp");
  write_file(saved.script, script.content());
  const Drawing drawing = draw(saved.script);
  saved.problem = drawing.problem;
  // A file of an earlier run would show other data than the script.
  const auto picture = folder / (file.name + ".png"), csv = folder / (file.name + ".csv");
  std::filesystem::remove(drawing.problem.empty() ? csv : picture);
  if (drawing.problem.empty()) {
    saved.picture = picture;
    write_file(saved.picture, drawing.output);
  } else {
    saved.table = csv;
    write_file(saved.table, table());
  }
  return saved;
}

}  // namespace weft::figures

namespace weft {

std::string gnuplot_version() {
  const figures::Drawing answer = figures::run({"--version"}, "gnuplot ");
  return answer.problem.empty() ? answer.output.substr(0, answer.output.find('\n'))
                                : answer.problem;
}

}  // namespace weft
