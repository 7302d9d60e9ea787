#pragma once

// The page that a run leaves behind: one HTML file with its pictures inside.

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "support/result.h"
#include "support/terminal.h"

namespace lessons {

struct Report {
  struct Figure {
    std::filesystem::path picture;  // empty where it could not be drawn
    std::string caption;
    std::string problem;  // why, and
    std::string files;    // what was left in its place
  };
  std::string title;
  std::vector<std::string> story;
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<Figure> figures;
  std::vector<std::pair<std::string, Table>> tables;  // each with its title
  std::vector<Claim> claims;
  std::string stopped;  // one sentence on why the run ended early; empty where it did not
  std::vector<std::string> exercises;
  std::string profile;

  std::string html() const;
};

}  // namespace lessons
