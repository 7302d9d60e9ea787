#include <algorithm>
#include <string>
#include <vector>

#include "src/io/file.h"
#include "weft/error.h"
#include "weft/io.h"

namespace weft {

namespace fs = std::filesystem;

namespace {

// The first of the spellings that exists: "train-images-idx3-ubyte", with '.' before idx, with .gz.
// The digit is the number of dimensions, which the file itself states again.
fs::path find(const fs::path& folder, const std::vector<std::string>& splits, const char* what,
              const std::vector<int>& ranks) {
  std::string tried;
  for (const std::string& split : splits) {
    for (const int rank : ranks) {
      for (const char* separator : {"-", "."}) {
        for (const char* suffix : {"", ".gz"}) {
          const fs::path path = folder / (split + "-" + what + separator + "idx" +
                                          std::to_string(rank) + "-ubyte" + suffix);
          std::error_code ignored;
          if (fs::exists(path, ignored)) return path;
          tried += "\n  " + path.string();
        }
      }
    }
  }
  throw FileError(folder.string() + ": expected a file of " + what +
                  " in MNIST's format, found none of" + tried);
}

Tensor to_int32(const Tensor& bytes) {
  if (bytes.dtype() == DType::int32) return bytes;
  const auto values = bytes.to_vector<std::uint8_t>();
  return from_values(std::vector<std::int32_t>(values.begin(), values.end()), bytes.shape());
}

}  // namespace

LabelledImages read_labelled_images(const fs::path& folder, std::string_view split) {
  const fs::path full = fs::absolute(folder).lexically_normal();
  const std::vector<std::string> splits = split == "t10k" || split == "test"
                                              ? std::vector<std::string>{"t10k", "test"}
                                              : std::vector<std::string>{std::string(split)};
  // Both files are looked for before one is read.
  const fs::path images_path = find(full, splits, "images", {3, 4, 2});
  const fs::path labels_path = find(full, splits, "labels", {1});

  LabelledImages result{read_idx(images_path), read_idx(labels_path)};
  const auto& [images, labels] = result;
  if (images.dtype() != DType::uint8 || images.rank() < 2)
    io::fail(images_path, "expected pictures of unsigned bytes, found " +
                              std::string(name_of(images.dtype())) + " " +
                              images.shape().to_string());
  if (labels.rank() != 1)
    io::fail(labels_path, "expected labels in one dimension, found " + labels.shape().to_string());
  if (images.size(0) == 0) io::fail(images_path, "expected at least one picture, found none");
  if (images.size(0) != labels.size(0))
    io::fail(labels_path, 4,
             "a label for each of the " + std::to_string(images.size(0)) + " pictures in " +
                 images_path.string(),
             std::to_string(labels.size(0)) + " labels");
  result.labels = to_int32(labels);
  return result;
}

}  // namespace weft
