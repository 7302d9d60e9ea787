#pragma once

#include <string>
#include <vector>

#include "support/options.h"
#include "weft/data.h"

namespace lessons {

/// The anime faces, or the user's own pictures in classes, on the CPU: uint8 [n, rows, columns, 3],
/// scaled to -1..1 as they are drawn. A smoke run has the first part of them only, and smaller.
struct Anime {
  weft::Dataset train, test;
  std::vector<std::string> classes;  // their names
  int rows, columns;                 // of a picture
  std::string folder;                // where it was found
};

/// Throws FileError and ShapeError for what cannot be trained on.
Anime load_anime(const Options& options);

}  // namespace lessons
