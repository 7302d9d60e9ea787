#pragma once

#include <filesystem>
#include <string>

#include "support/options.h"
#include "weft/data.h"

namespace lessons {

/// MNIST, or the user's own set in its format, on the CPU; pixels are scaled to 0..1 as they are drawn.
/// A smoke run has the first part of it only.
struct Mnist {
  static constexpr std::int64_t kClasses = 10;
  weft::Dataset train, test;
  int rows, columns;   // of a picture
  std::string folder;  // where it was found
};

/// Throws FileError and ShapeError for what cannot be trained on, a batch larger than the set included.
Mnist load_mnist(const Options& options);

/// Throws FileError for the first label of a set's part ("train", "test") that is not from 0 to classes - 1.
void require_labels(const std::filesystem::path& folder, const std::string& part,
                    const weft::Tensor& labels, std::int64_t classes);

/// "60,000 training and 10,000 test pictures of 28 x 28 from DIR": what a run says of its data.
std::string describe(const Mnist& mnist);

/// The folder of an embedded data set: of WEFT_DATA_DIR in the environment, beside the program, where it was
/// built from, or ./data. Throws FileError with every absolute path that was tried.
std::filesystem::path data_folder(const std::string& set);

}  // namespace lessons
