#include "support/anime.h"

#include <algorithm>
#include <fstream>

#include "support/mnist.h"
#include "support/text.h"
#include "weft/error.h"
#include "weft/io.h"

namespace lessons {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kSize = 64, kChannels = 3;
constexpr std::int64_t kSmokeSize = 16, kSmokeTrain = 400, kSmokeTest = 160;

// The lines of classes.txt, which a set need not have; its labels are names enough then.
std::vector<std::string> class_names(const fs::path& folder,
                                     const std::vector<std::int32_t>& labels) {
  std::vector<std::string> names;
  std::ifstream file(folder / "classes.txt");
  for (std::string line; std::getline(file, line);) names.push_back(line);
  const std::int32_t largest = *std::max_element(labels.begin(), labels.end());
  if (names.empty())
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

weft::Dataset part(const weft::LabelledImages& read, std::int64_t classes, bool smoke,
                   std::int64_t most) {
  const std::int64_t count = smoke ? std::min(most, read.images.size(0)) : read.images.size(0);
  const std::int64_t size = smoke ? kSmokeSize : kSize;
  return {weft::resize_pictures(read.images.rows(0, count), size),
          read.labels.rows(0, count),
          classes,
          {.scale = 2.0f / 255, .shift = -1}};
}

}  // namespace

Anime load_anime(const Options& options) {
  const fs::path folder =
      options.data ? fs::absolute(*options.data).lexically_normal() : data_folder("anime");
  const weft::LabelledImages train = read_split(folder, "train"), test = read_split(folder, "test");
  const auto names = class_names(folder, train.labels.to_vector<std::int32_t>());
  const auto classes = static_cast<std::int64_t>(names.size());
  const int size = static_cast<int>(options.smoke ? kSmokeSize : kSize);
  Anime anime{part(train, classes, options.smoke, kSmokeTrain),
              part(test, classes, options.smoke, kSmokeTest),
              names,
              size,
              size,
              folder.string()};
  if (options.settings.batch > anime.train.size())
    throw UsageError("--batch: expected at most the " + grouped(anime.train.size()) +
                     " training pictures, found " + std::to_string(options.settings.batch));
  return anime;
}

}  // namespace lessons
