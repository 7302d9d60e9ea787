#include "src/executor/source_place.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <map>
#include <mutex>
#include <sstream>

namespace weft::executor {
namespace {

struct Position {  // in a file that was loaded
  std::string file, offset;
};

Position position_of(const void* instruction) {
  Dl_info info;
  link_map* object = nullptr;
  if (dladdr1(instruction, &info, reinterpret_cast<void**>(&object), RTLD_DL_LINKMAP) == 0)
    return {};
  char digits[2 * sizeof(void*)];
  const auto end =
      std::to_chars(digits, digits + sizeof digits,
                    reinterpret_cast<std::uintptr_t>(instruction) - object->l_addr, 16);
  const bool is_program = object->l_name == nullptr || *object->l_name == '\0';
  return {is_program ? "/proc/" + std::to_string(getpid()) + "/exe" : object->l_name,
          std::string(digits, end.ptr)};
}

// What a program prints. Empty where it cannot be run.
std::string output_of(const char* program, const char* const* arguments) {
  int channel[2];
  if (pipe2(channel, O_CLOEXEC) != 0) return "";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, channel[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int error = posix_spawnp(&child, program, &actions, nullptr,
                                 const_cast<char* const*>(arguments), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(channel[1]);
  std::string output;
  char buffer[512];  // the stack is a kernel thread's
  for (ssize_t count; error == 0 && (count = read(channel[0], buffer, sizeof buffer)) > 0;)
    output.append(buffer, static_cast<std::size_t>(count));
  close(channel[0]);
  if (error == 0) waitpid(child, nullptr, 0);
  return output;
}

}  // namespace

std::vector<SourcePlace> source_places(const void* instruction) {
  const auto [file, offset] = position_of(instruction);
  if (file.empty()) return {};
  const char* const arguments[] = {"addr2line", "--functions", "--demangle",   "--inlines",
                                   "--exe",     file.c_str(),  offset.c_str(), nullptr};
  std::istringstream lines(output_of("addr2line", arguments));
  std::vector<SourcePlace> places;
  for (std::string function, place; std::getline(lines, function) && std::getline(lines, place);) {
    if (place.starts_with("??")) return {};
    place = place.substr(place.rfind('/') + 1);
    places.push_back({tidy_name(function), place.substr(0, place.find(' '))});  // no discriminator
  }
  return places;
}

std::string kernel_name(const void* kernel) {
  static std::mutex mutex;
  static std::map<const void*, std::string> names;
  const std::lock_guard lock(mutex);
  const auto [entry, is_new] = names.try_emplace(kernel);
  if (is_new)
    if (const auto places = source_places(kernel); !places.empty())
      entry->second = places.back().function;
  return entry->second;
}

std::string tidy_name(const std::string& function) {
  // Up to the parameters, then the last word. Brackets of template arguments and of <lambda> count, and
  // addr2line writes "(anonymous namespace)" where the compiler writes "{anonymous}".
  int depth = 0;
  std::size_t begin = 0, end = function.size();
  for (std::size_t i = 0; i < function.size(); ++i) {
    const char c = function[i];
    if (c == '<' || c == '{') ++depth;
    if (c == '>' || c == '}') --depth;
    if (depth > 0) continue;
    if (function.compare(i, 21, "(anonymous namespace)") == 0)
      i += 20;
    else if (c == ' ' || c == ':' || c == '*' || c == '&')
      begin = i + 1;
    else if (c == '(') {
      end = i;
      break;
    }
  }
  const std::string name = function.substr(begin, end - begin);
  return name.substr(0, name.find('<'));
}

}  // namespace weft::executor
