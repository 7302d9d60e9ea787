#pragma once

// The lesson program as a user runs it.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/temporary_folder.h"

namespace weft::test {

struct Answer {
  int status = -1;
  std::string text;  // standard output and error
};

// Runs the lesson program, which lies beside this one, in `folder`.
inline Answer run(const std::filesystem::path& folder, const std::string& arguments,
                  const std::string& environment = "") {
  const std::filesystem::path program =
      std::filesystem::read_symlink("/proc/self/exe").parent_path() / "weft-lessons";
  const std::string command = "cd '" + folder.string() + "' && " + environment + " '" +
                              program.string() + "' " + arguments + " 2>&1";
  FILE* const pipe = popen(command.c_str(), "r");
  Answer answer;
  std::array<char, 4096> buffer;
  while (const std::size_t got = fread(buffer.data(), 1, buffer.size(), pipe))
    answer.text.append(buffer.data(), got);
  const int status = pclose(pipe);
  answer.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return answer;
}

inline bool is_built() {
  return std::filesystem::exists(std::filesystem::read_symlink("/proc/self/exe").parent_path() /
                                 "weft-lessons");
}
#define SKIP_UNLESS_BUILT() \
  if (!weft::test::is_built()) GTEST_SKIP() << "the lesson program is not part of this build"

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

inline std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      fields.emplace_back();
    else
      fields.back() += c;
  }
  return fields;
}

inline std::vector<std::vector<std::string>> csv(const std::filesystem::path& path) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(get(path));
  for (std::string line; std::getline(lines, line);) rows.push_back(split(line));
  return rows;
}

}  // namespace weft::test
