#pragma once

// What came of a lesson, in a file of its own, result.json: the page of all lessons is made of these.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace lessons {

struct Claim {
  std::string claim, found;
  bool holds = false;
  std::string only_reported;  // why it does not decide the exit status; empty where it does
};

struct Result {
  std::string lesson = {};  // "04_softmax_mnist"
  std::string title = {};
  int status = 0;            // of the program; 128 + n where signal n ended it
  std::string stopped = {};  // one sentence on why it ended early; empty where it did not
  std::vector<Claim> claims = {};
  std::string figure = {};  // the main one's file, in its folder; empty where none was drawn
  std::uint64_t seed = 0;
  bool smoke = false;
  std::string device = {};
  double seconds = 0;
  std::string ended = {};    // 2026-11-26 14:05, local time
  std::string version = {};  // of Weft
  std::string output = {};   // a file with what was printed, where it was not shown; else empty

  std::size_t claims_held() const;
};

/// "holds", "does not hold", "reported only", "stopped", "status 2", "crashed", "interrupted".
std::string verdict(const Result& result);

/// Whether that is as it should be: the exit status was 0.
inline bool is_good(const Result& result) { return result.status == 0; }

constexpr const char* kResultFile = "result.json";

std::string time_now();  // as Result::ended

void write_result(const std::filesystem::path& folder, const Result& result);

/// The result in a lesson's folder, if there is one. Throws FileError for a file that is none.
std::optional<Result> read_result(const std::filesystem::path& folder);

void remove_result(const std::filesystem::path& folder);

}  // namespace lessons
