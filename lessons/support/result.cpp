#include "support/result.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>

#include "weft/error.h"
#include "weft/io.h"

namespace lessons {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

constexpr int kSignal = 128;  // what a shell adds to the number of the signal that ended a program

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
  std::ifstream file(folder / kResultFile);
  if (!file) return std::nullopt;
  const Json json = Json::parse(file);
  Result result;
  result.lesson = json.at("lesson");
  result.title = json.at("title");
  result.status = json.at("status");
  result.stopped = json.at("stopped");
  for (const Json& claim : json.at("claims"))
    result.claims.push_back(
        {claim.at("claim"), claim.at("found"), claim.at("holds"), claim.at("only_reported")});
  result.figure = json.at("figure");
  result.seed = json.at("seed");
  result.smoke = json.at("smoke");
  result.device = json.at("device");
  result.seconds = json.at("seconds");
  result.ended = json.at("ended");
  result.version = json.at("version");
  result.output = json.at("output");
  return result;
} catch (const nlohmann::json::exception& error) {
  throw weft::FileError((folder / kResultFile).string() +
                        ": expected what a lesson's run writes, found " + error.what());
}

void remove_result(const fs::path& folder) {
  // Where it cannot be removed, it cannot be written either, and that is said.
  std::error_code ignored;
  fs::remove(folder / kResultFile, ignored);
}

}  // namespace lessons
