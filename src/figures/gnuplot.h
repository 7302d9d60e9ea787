#pragma once

#include <filesystem>
#include <string>

namespace weft::figures {

/// What gnuplot answered to a script that draws to its standard output.
struct Drawing {
  std::string output;   // a whole PNG where there is no problem
  std::string problem;  // one sentence, or empty
};

/// Runs gnuplot (found through PATH) on a script. Never throws for what gnuplot does: not found,
/// failed, silent, half a picture, or no end within a minute are problems of the answer.
Drawing draw(const std::filesystem::path& script);

}  // namespace weft::figures
