#include "support/mnist.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "support/text.h"
#include "weft/error.h"
#include "weft/io.h"

namespace lessons {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kSmokeTrain = 6000, kSmokeTest = 2000;

weft::Dataset part(const weft::LabelledImages& images, std::int64_t most) {
  const weft::Dataset whole(images.images, images.labels, Mnist::kClasses, {.scale = 1.0f / 255});
  return whole.first(std::min(most, whole.size()));
}

}  // namespace

fs::path data_folder(const std::string& set) {
  std::error_code ignored;
  const fs::path beside = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  std::vector<fs::path> places{beside / "data", beside.parent_path() / "data",
                               beside.parent_path() / "share/weft/data", WEFT_DATA_DIR, "data"};
  if (const char* const named = std::getenv("WEFT_DATA_DIR")) places.insert(places.begin(), named);
  std::string tried;
  for (const fs::path& data : places) {
    const fs::path folder = fs::absolute(data / set).lexically_normal();
    if (fs::is_directory(folder, ignored)) return folder;
    tried += "\n  " + folder.string();
  }
  throw weft::FileError("expected the data set " + set +
                        " in one of these folders, found none of them:" + tried +
                        "\n--data DIR names another one");
}

void require_labels(const fs::path& folder, const std::string& part, const weft::Tensor& labels,
                    std::int64_t classes) {
  const auto values = labels.to_vector<std::int32_t>();
  const auto bad = std::find_if(values.begin(), values.end(),
                                [&](std::int32_t label) { return label < 0 || label >= classes; });
  if (bad != values.end())
    throw weft::FileError(folder.string() + ": expected " + part + " labels from 0 to " +
                          std::to_string(classes - 1) + ", found " + std::to_string(*bad) +
                          " as number " + std::to_string(bad - values.begin() + 1));
}

Mnist load_mnist(const Options& options) {
  const fs::path folder =
      options.data ? fs::absolute(*options.data).lexically_normal() : data_folder("mnist");
  const weft::LabelledImages train = weft::read_labelled_images(folder, "train");
  const weft::LabelledImages test = weft::read_labelled_images(folder, "t10k");
  for (const weft::LabelledImages* images : {&train, &test})
    if (images->images.rank() != 3 || images->images.size() == 0)
      throw weft::FileError(folder.string() +
                            ": expected pictures in one channel, [n, rows, columns], found " +
                            images->images.shape().to_string());
  const std::int64_t rows = train.images.size(1), columns = train.images.size(2);
  if (test.images.size(1) != rows || test.images.size(2) != columns)
    throw weft::FileError(
        folder.string() + ": expected train and test pictures of one size, found " +
        train.images.shape().to_string() + " and " + test.images.shape().to_string());
  require_labels(folder, "train", train.labels, Mnist::kClasses);
  require_labels(folder, "test", test.labels, Mnist::kClasses);
  const std::int64_t most = std::max(train.images.size(0), test.images.size(0));
  Mnist mnist{part(train, options.smoke ? kSmokeTrain : most),
              part(test, options.smoke ? kSmokeTest : most), static_cast<int>(rows),
              static_cast<int>(columns), folder.string()};
  require_batch(options.settings.batch, mnist.train.size());
  return mnist;
}

std::string describe(const Mnist& mnist) {
  return grouped(mnist.train.size()) + " training and " + grouped(mnist.test.size()) +
         " test pictures of " + std::to_string(mnist.rows) + " x " + std::to_string(mnist.columns) +
         " from " + mnist.folder;
}

}  // namespace lessons
