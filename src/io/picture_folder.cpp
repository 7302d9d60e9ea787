#include <algorithm>
#include <cstring>
#include <string>
#include <system_error>
#include <vector>

#include "src/io/file.h"
#include "weft/error.h"
#include "weft/io.h"

namespace weft {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kFewest = 2;  // classes, and pictures of one: one to train and one to test
// Of five pictures of a class the second is for testing, so that two are enough to have one of each.
constexpr std::size_t kTestOf = 5, kTestPlace = 1;

using Paths = std::vector<fs::path>;

// What is in a folder, sorted by name, without hidden files.
Paths visible_in(const fs::path& folder) {
  Paths paths;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (at->path().filename().string().front() != '.') paths.push_back(at->path());
  if (error) io::fail(folder, "cannot be read as a folder: " + error.message());
  std::sort(paths.begin(), paths.end());
  return paths;
}

struct Class {
  std::string name;
  Paths pictures;
};

std::vector<Class> classes_in(const fs::path& folder) {
  std::vector<Class> classes;
  std::error_code ignored;
  for (const fs::path& path : visible_in(folder))
    if (fs::is_directory(path, ignored)) classes.push_back({path.filename().string(), {}});
  if (classes.size() < kFewest)
    io::fail(folder, "expected a sub-folder of pictures for each of at least " +
                         std::to_string(kFewest) + " classes, found " +
                         (classes.empty() ? "none" : "only " + classes.front().name));
  for (Class& one : classes) {
    one.pictures = visible_in(folder / one.name);
    if (one.pictures.size() < kFewest)
      io::fail(folder / one.name, "expected at least " + std::to_string(kFewest) +
                                      " PNG or JPEG pictures of a class, one to train and one to "
                                      "test, found " +
                                      std::to_string(one.pictures.size()));
  }
  return classes;
}

struct Sample {
  const fs::path* path;
  std::int32_t label;
};
struct Split {
  std::vector<Sample> train, test;
};

// One picture of each class in turn, so that the first part of a set has them all.
Split split(const std::vector<Class>& classes) {
  std::size_t most = 0;
  for (const Class& one : classes) most = std::max(most, one.pictures.size());
  Split result;
  for (std::size_t i = 0; i < most; ++i) {
    auto& part = i % kTestOf == kTestPlace ? result.test : result.train;
    for (std::size_t label = 0; label < classes.size(); ++label)
      if (i < classes[label].pictures.size())
        part.push_back({&classes[label].pictures[i], static_cast<std::int32_t>(label)});
  }
  return result;
}

LabelledImages read(const std::vector<Sample>& samples, Size2d size, int channels) {
  const auto count = static_cast<std::int64_t>(samples.size());
  LabelledImages result{empty({count, size.h, size.w, channels}, DType::uint8),
                        empty({count}, DType::int32)};
  const std::size_t bytes = result.images.bytes() / samples.size();
  std::uint8_t* to = result.images.data<std::uint8_t>();
  std::int32_t* label = result.labels.data<std::int32_t>();
  for (const Sample& sample : samples) {
    const Tensor picture = read_picture(*sample.path, channels);
    const Tensor resized =
        resize_pictures(picture.reshape({1, picture.size(0), picture.size(1), channels}), size);
    std::memcpy(to, resized.data(), bytes);
    to += bytes;
    *label++ = sample.label;
  }
  return result;
}

}  // namespace

PictureClasses read_picture_folder(const fs::path& folder, Size2d size, int channels) {
  if (size.h < 1 || size.w < 1)
    throw ShapeError("read_picture_folder: expected a size of at least 1x1, got " +
                     to_string(size));
  const fs::path full = fs::absolute(folder).lexically_normal();
  const std::vector<Class> classes = classes_in(full);
  const Split samples = split(classes);
  PictureClasses result;
  for (const Class& one : classes) result.names.push_back(one.name);
  result.train = read(samples.train, size, channels);
  result.test = read(samples.test, size, channels);
  return result;
}

}  // namespace weft
