#include "support/maps.h"

#include <algorithm>
#include <cmath>

#include "support/mnist.h"
#include "weft/error.h"
#include "weft/io.h"
#include "weft/ops/convolution.h"
#include "weft/ops/elementwise.h"

namespace lessons {

using namespace weft;

namespace {

constexpr int kSide = 5, kMiddle = 2;

Tensor tensor_of(const Rows& rows, Device device) {
  std::vector<float> values;
  for (const auto& row : rows) values.insert(values.end(), row.begin(), row.end());
  const auto height = static_cast<std::int64_t>(rows.size());
  const auto width = static_cast<std::int64_t>(rows.front().size());
  return from_values(values, {1, height, width, 1}).to(device);
}

// Picture `index` of a set of the test split, in 0..1.
Tensor test_picture(const std::string& set, const char* split, std::int64_t index, Device device) {
  const Tensor images = read_labelled_images(data_folder(set), split).images;
  const auto bytes = images.rows(index, index + 1).to_vector<std::uint8_t>();
  std::vector<float> values;
  for (const std::uint8_t byte : bytes) values.push_back(static_cast<float>(byte) / 255);
  const std::int64_t channels = images.rank() == 4 ? images.size(3) : 1;
  return from_values(values, {1, images.size(1), images.size(2), channels}).to(device);
}

std::vector<double> sizes_of(const Tensor& map) {
  std::vector<double> sizes;
  for (const float value : map.to_vector<float>())
    sizes.push_back(std::abs(static_cast<double>(value)));
  return sizes;
}

}  // namespace

Rows vertical_line() {
  Rows rows(kSide, std::vector<float>(kSide, 0));
  for (auto& row : rows) row[kMiddle] = 1;
  return rows;
}

Rows horizontal_line() {
  Rows rows(kSide, std::vector<float>(kSide, 0));
  rows[kMiddle].assign(kSide, 1);
  return rows;
}

Rows sobel_x() { return {{1, 0, -1}, {2, 0, -2}, {1, 0, -1}}; }

Rows sobel_y() { return {{1, 2, 1}, {0, 0, 0}, {-1, -2, -1}}; }

Rows ones(int rows, int columns) {
  return Rows(static_cast<std::size_t>(rows),
              std::vector<float>(static_cast<std::size_t>(columns), 1));
}

Rows shifted_left(Rows rows, int columns) {
  for (auto& row : rows) {
    row.erase(row.begin(), row.begin() + columns);
    row.resize(row.size() + static_cast<std::size_t>(columns), 0);
  }
  return rows;
}

Tensor image_of(const Rows& rows, const Run& run) { return tensor_of(rows, run.device()); }

Tensor kernel_of(const Rows& rows, const Run& run) { return tensor_of(rows, run.device()); }

Tensor mnist_digit(const Run& run, int digit) {
  const auto labels =
      read_labelled_images(data_folder("mnist"), "t10k").labels.to_vector<std::int32_t>();
  const auto found = std::find(labels.begin(), labels.end(), digit);
  if (found == labels.end())
    throw FileError("expected a test picture of a " + std::to_string(digit) + ", found none");
  return test_picture("mnist", "t10k", found - labels.begin(), run.device());
}

Tensor anime_face(const Run& run) { return test_picture("anime", "test", 0, run.device()); }

Tensor grey_of(const Tensor& rgb, const Run& run) {
  const std::vector<float> weights{0.299f, 0.587f, 0.114f};
  return conv2d(rgb, from_values(weights, {1, 1, 1, 3}).to(run.device()));
}

Picture picture_of_map(const Tensor& map, const std::string& caption, int channel) {
  const auto values = map.to_vector<float>();
  const auto channels = static_cast<std::size_t>(map.size(3));
  Picture picture{.pixels = {},
                  .rows = static_cast<int>(map.size(1)),
                  .columns = static_cast<int>(map.size(2)),
                  .caption = caption};
  const auto pixels = static_cast<std::size_t>(picture.rows * picture.columns);
  for (std::size_t pixel = 0; pixel < pixels; ++pixel)
    picture.pixels.push_back(values[pixel * channels + static_cast<std::size_t>(channel)]);
  return picture;
}

Picture ink_picture(const Tensor& digit, const std::string& caption) {
  const Picture grey = picture_of_map(digit, caption);
  Picture ink = grey;
  ink.channels = 3;
  ink.pixels.clear();
  for (const float pixel : grey.pixels) ink.pixels.insert(ink.pixels.end(), 3, 1 - pixel);
  return ink;
}

Picture colour_picture(const Tensor& rgb, const std::string& caption) {
  return {.pixels = rgb.to_vector<float>(),
          .rows = static_cast<int>(rgb.size(1)),
          .columns = static_cast<int>(rgb.size(2)),
          .caption = caption,
          .channels = 3};
}

Picture picture_of_kernel(const Rows& rows, const std::string& caption) {
  return picture_of_map(tensor_of(rows, Device::cpu), caption);
}

Picture with_numbers(Picture picture) {
  picture.numbers = true;
  return picture;
}

double largest_difference(const Tensor& a, const Tensor& b) {
  const auto sizes = sizes_of(a.reshape({a.size()}) - b.reshape({b.size()}));
  return *std::max_element(sizes.begin(), sizes.end());
}

double relative_change(const Tensor& before, const Tensor& after) {
  return strength(after - before) / strength(before);
}

double strength(const Tensor& map) {
  double sum = 0;
  for (const double size : sizes_of(map)) sum += size;
  return sum;
}

}  // namespace lessons
