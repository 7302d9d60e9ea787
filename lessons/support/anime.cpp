#include "support/anime.h"

#include <algorithm>
#include <sstream>

#include "support/mnist.h"
#include "support/networks.h"
#include "support/text.h"
#include "support/text_file.h"
#include "weft/error.h"
#include "weft/io.h"

namespace lessons {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kSize = 64, kChannels = 3;
constexpr std::int64_t kSmokeSize = 16, kSmokeTrain = 400, kSmokeTest = 160;

// Pictures as they are stored, and the names of their classes.
struct Pictures {
  std::vector<std::string> classes;
  weft::LabelledImages train, test;
};

// The lines of classes.txt, which a set need not have; its labels are names enough then.
std::vector<std::string> class_names(const fs::path& folder, const weft::Tensor& labels) {
  std::vector<std::string> names;
  std::istringstream file(read_text(folder / "classes.txt").value_or(""));
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    names.push_back(line);
  }
  if (!names.empty()) return names;
  require_labels(folder, "train", labels, kMostClasses);
  const auto values = labels.to_vector<std::int32_t>();
  const std::int32_t largest = *std::max_element(values.begin(), values.end());
  for (std::int32_t label = 0; label <= largest; ++label) names.push_back(std::to_string(label));
  return names;
}

weft::LabelledImages read_split(const fs::path& folder, const char* split) {
  weft::LabelledImages read = weft::read_labelled_images(folder, split);
  if (read.images.rank() != 4 || read.images.size(3) != kChannels || read.images.size() == 0)
    throw weft::FileError(folder.string() +
                          ": expected pictures in colour, [n, rows, columns, 3], found " +
                          read.images.shape().to_string());
  return read;
}

Pictures read_set(const fs::path& folder) {
  Pictures pictures{{}, read_split(folder, "train"), read_split(folder, "test")};
  pictures.classes = class_names(folder, pictures.train.labels);
  return pictures;
}

Pictures read_classes(const fs::path& folder) {
  const weft::PictureClasses read = weft::read_picture_folder(folder, kSize);
  return {read.names, read.train, read.test};
}

// A set in the anime set's file names, or a folder of classes.
Pictures read_own(const fs::path& folder) {
  bool has_files = false, has_folders = false;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name.rfind("train-images", 0) == 0) has_files = true;
    std::error_code ignored;
    if (name.front() != '.' && at->is_directory(ignored)) has_folders = true;
  }
  const std::string expected = folder.string() +
                               ": expected a folder with either train-images-idx4-ubyte and the "
                               "other three files of an image set (.gz or not), or a sub-folder of "
                               "PNG or JPEG pictures for each class, ";
  if (error) throw weft::FileError(expected + "found no folder to read: " + error.message());
  if (!has_files && !has_folders) throw weft::FileError(expected + "found neither");
  return has_files ? read_set(folder) : read_classes(folder);
}

// They go into the model's file, as text, and onto figures.
void check_names(const fs::path& folder, const std::vector<std::string>& names) {
  if (static_cast<std::int64_t>(names.size()) > kMostClasses)
    throw weft::FileError(folder.string() + ": expected at most " + std::to_string(kMostClasses) +
                          " classes, found " + std::to_string(names.size()));
  for (const std::string& name : names) {
    if (!is_label(name))
      throw weft::FileError(folder.string() +
                            ": expected names of classes in UTF-8 on one line each, found one of " +
                            std::to_string(name.size()) + " bytes that is not");
  }
}

weft::Dataset part(const weft::LabelledImages& read, std::int64_t classes, bool smoke,
                   std::int64_t most) {
  const std::int64_t count = smoke ? std::min(most, read.images.size(0)) : read.images.size(0);
  return {weft::resize_pictures(read.images.rows(0, count), smoke ? kSmokeSize : kSize),
          read.labels.rows(0, count),
          classes,
          {.scale = 2.0f / 255, .shift = -1}};
}

}  // namespace

Anime load_anime(const Options& options) {
  const fs::path folder =
      options.data ? fs::absolute(*options.data).lexically_normal() : data_folder("anime");
  const Pictures read = options.data ? read_own(folder) : read_set(folder);
  check_names(folder, read.classes);
  const auto classes = static_cast<std::int64_t>(read.classes.size());
  require_labels(folder, "train", read.train.labels, classes);
  require_labels(folder, "test", read.test.labels, classes);
  const int size = static_cast<int>(options.smoke ? kSmokeSize : kSize);
  Anime anime{part(read.train, classes, options.smoke, kSmokeTrain),
              part(read.test, classes, options.smoke, kSmokeTest),
              read.classes,
              size,
              size,
              folder.string()};
  require_batch(options.settings.batch, anime.train.size());
  return anime;
}

}  // namespace lessons
