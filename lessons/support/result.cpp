#include "support/result.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <ctime>
#include <nlohmann/json.hpp>

#include "support/text.h"
#include "support/text_file.h"
#include "weft/error.h"
#include "weft/io.h"

namespace lessons {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

constexpr int kSignal = 128;  // what a shell adds to the number of the signal that ended a program
constexpr std::uint64_t kMostStatus = 255;
constexpr double kMostSeconds = 1e9;  // thirty years

[[noreturn]] void refuse(const fs::path& file, const std::string& found) {
  throw weft::FileError(file.string() + ": expected what a lesson's run writes, found " + found);
}

// The library would make a whole number of any.
std::uint64_t whole(const fs::path& file, const Json& json, std::uint64_t most) {
  if (!json.is_number_unsigned() || json.get<std::uint64_t>() > most)
    refuse(file,
           "another value where a whole number from 0 to " + std::to_string(most) + " should be");
  return json;
}

std::string text(const Json& json, const char* key) { return on_one_line(json.at(key)); }

// The page links to these: they stay in the lesson's folder.
bool is_file_name(const std::string& text) {
  return text != "." && text != ".." && text.size() <= 255 && text.find('/') == std::string::npos;
}

// The file may come from anywhere, and what is in it goes onto a page.
void check(const fs::path& file, const Result& result) {
  if (result.lesson != file.parent_path().filename().string())
    refuse(file, "another lesson's name than its folder has");
  if (!(result.seconds >= 0 && result.seconds <= kMostSeconds))
    refuse(file, shortest(result.seconds) + " seconds");
  for (const std::string* name : {&result.figure, &result.output})
    if (!is_file_name(*name)) refuse(file, "a figure or an output that is no file's name");
}

}  // namespace

std::size_t Result::claims_held() const {
  return static_cast<std::size_t>(
      std::count_if(claims.begin(), claims.end(), [](const Claim& claim) { return claim.holds; }));
}

std::string verdict(const Result& result) {
  if (result.status > kSignal) {
    const int signal = result.status - kSignal;
    return signal == SIGINT || signal == SIGTERM || signal == SIGHUP ? "interrupted" : "crashed";
  }
  if (result.status > 1) return "status " + std::to_string(result.status);
  if (!result.stopped.empty()) return "stopped";
  if (result.status == 1) return "does not hold";
  return result.claims_held() == result.claims.size() ? "holds" : "reported only";
}

std::string time_now() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  std::array<char, 32> text;
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M", &local)};
}

void write_result(const fs::path& folder, const Result& result) {
  Json json{{"lesson", result.lesson},   {"title", result.title},   {"status", result.status},
            {"stopped", result.stopped}, {"claims", Json::array()}, {"figure", result.figure},
            {"seed", result.seed},       {"smoke", result.smoke},   {"device", result.device},
            {"seconds", result.seconds}, {"ended", result.ended},   {"version", result.version},
            {"output", result.output}};
  for (const Claim& claim : result.claims)
    json["claims"].push_back({{"claim", claim.claim},
                              {"found", claim.found},
                              {"holds", claim.holds},
                              {"only_reported", claim.only_reported}});
  // A sentence may quote a path, whose bytes need not be text.
  weft::write_file(folder / kResultFile,
                   json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

std::optional<Result> read_result(const fs::path& folder) try {
  const fs::path file = folder / kResultFile;
  const auto content = read_text(file);
  if (!content) return std::nullopt;
  const Json json = Json::parse(*content);
  Result result;
  result.lesson = text(json, "lesson");
  result.title = text(json, "title");
  result.status = static_cast<int>(whole(file, json.at("status"), kMostStatus));
  result.stopped = text(json, "stopped");
  for (const Json& claim : json.at("claims"))
    result.claims.push_back({text(claim, "claim"), text(claim, "found"), claim.at("holds"),
                             text(claim, "only_reported")});
  result.figure = text(json, "figure");
  result.seed = whole(file, json.at("seed"), ~std::uint64_t{0});
  result.smoke = json.at("smoke");
  result.device = text(json, "device");
  result.seconds = json.at("seconds");
  result.ended = text(json, "ended");
  result.version = text(json, "version");
  result.output = text(json, "output");
  check(file, result);
  return result;
} catch (const nlohmann::json::exception& error) {
  refuse(folder / kResultFile, error.what());
}

void remove_result(const fs::path& folder) {
  // Where it cannot be removed, it cannot be written either, and that is said.
  std::error_code ignored;
  fs::remove(folder / kResultFile, ignored);
}

}  // namespace lessons
