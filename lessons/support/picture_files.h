#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/networks.h"
#include "weft/tensor.h"

namespace lessons {

/// A user's pictures as a model takes them, and what was done to each of them.
struct PictureFiles {
  weft::Tensor pixels;  // uint8 [n, pixels], on the CPU
  std::vector<std::string> notes;
};

/// Reads PNG and JPEG files, resizes them, and inverts a picture in one channel whose border is brighter
/// than its middle: white ink on black is what the models know. Throws FileError.
PictureFiles read_picture_files(const std::vector<std::filesystem::path>& paths, PictureSize size);

}  // namespace lessons
