#pragma once

// The command line, read and checked before anything is done.

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/lessons.h"
#include "weft/device.h"

namespace lessons {

/// A command line that makes no sense: one sentence with what was expected and found.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Options {
  enum class Command {
    show_text,
    list,
    doctor,
    run,
    run_each,
    overview,
    predict
  } command = Command::show_text;
  std::string text;  // to show: help or version

  const Lesson* lesson = nullptr;
  std::vector<const Lesson*> lessons;           // of run_each, which goes by these and `flags`
  bool all = false;                             // they were asked for as "all"
  std::vector<std::vector<std::string>> flags;  // {"--epochs", "1"} as typed, without --out
  Settings settings;  // the lesson's own where the command line says nothing
  weft::Device device = weft::Device::cpu;
  std::optional<std::filesystem::path> data;
  std::filesystem::path out;  // runs/<lesson> where the command line says nothing; runs of several
  bool smoke = false, quiet = false, profile = false;
  std::filesystem::path model;                  // to predict with
  std::vector<std::filesystem::path> pictures;  // to predict
  std::string command_line;                     // as it was typed
};

/// Throws UsageError.
Options parse(int argc, char** argv);

}  // namespace lessons
