#pragma once

// Scripts of the project, as a user runs them.

#include <sys/wait.h>

#include <cstdio>
#include <string>

namespace weft::test {

struct Outcome {
  int status;
  std::string output;
};

/// Runs a shell command in a folder, the project's; output and errors together.
inline Outcome run(const std::string& command, const std::string& folder = WEFT_SOURCE_DIR) {
  const std::string line = "cd '" + folder + "' && { " + command + "; } 2>&1 </dev/null";
  FILE* pipe = popen(line.c_str(), "r");
  std::string output;
  char buffer[4096];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, pipe))
    output.append(buffer, count);
  return {WEXITSTATUS(pclose(pipe)), output};
}

}  // namespace weft::test
