#pragma once

// The command line, read and checked before anything is done.

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

#include "support/lessons.h"
#include "weft/device.h"

namespace lessons {

/// A command line that makes no sense: one sentence with what was expected and found.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Options {
  enum class Command { show_text, list, doctor, run } command = Command::show_text;
  std::string text;  // to show: help or version

  const Lesson* lesson = nullptr;
  Settings settings;  // the lesson's own where the command line says nothing
  weft::Device device = weft::Device::cpu;
  std::optional<std::filesystem::path> data;
  std::filesystem::path out;  // runs/<lesson> where the command line says nothing
  bool smoke = false, quiet = false, profile = false;
  std::string command_line;  // as it was typed
};

/// Throws UsageError.
Options parse(int argc, char** argv);

}  // namespace lessons
