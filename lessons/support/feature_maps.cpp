#include "support/feature_maps.h"

#include "weft/autograd.h"

namespace lessons {

using namespace weft;

namespace {

/// One channel of one picture of `values` [n, rows, columns, channels].
Picture channel_of(const std::vector<float>& values, const Shape& shape, std::int64_t n,
                   std::int64_t channel) {
  Picture picture{{}, static_cast<int>(shape[1]), static_cast<int>(shape[2])};
  const std::int64_t pixels = shape[1] * shape[2];
  for (std::int64_t i = 0; i < pixels; ++i)
    picture.pixels.push_back(
        values[static_cast<std::size_t>((n * pixels + i) * shape[3] + channel)]);
  return picture;
}

}  // namespace

Tensor output_of(nn::Sequential& network, std::size_t layers, const Tensor& x) {
  const NoGrad no_grad;
  const nn::EvaluationMode evaluation(network);
  Tensor y = x;
  for (std::size_t i = 0; i < layers; ++i) y = network[i](y);
  return y;
}

std::vector<Picture> channel_pictures(const Tensor& maps) {
  const auto values = maps.to_vector<float>();
  std::vector<Picture> pictures;
  for (std::int64_t channel = 0; channel < maps.size(3); ++channel)
    pictures.push_back(channel_of(values, maps.shape(), 0, channel));
  return pictures;
}

std::vector<Picture> kernel_pictures(const Tensor& weight, std::int64_t channel) {
  const auto values = weight.to_vector<float>();
  std::vector<Picture> pictures;
  for (std::int64_t kernel = 0; kernel < weight.size(0); ++kernel)
    pictures.push_back(channel_of(values, weight.shape(), kernel, channel));
  return pictures;
}

Picture enlarged(const Picture& picture, int times) {
  Picture large{{}, picture.rows * times, picture.columns * times, picture.caption};
  for (int row = 0; row < large.rows; ++row)
    for (int column = 0; column < large.columns; ++column)
      large.pixels.push_back(
          picture.pixels[static_cast<std::size_t>(row / times * picture.columns + column / times)]);
  return large;
}

}  // namespace lessons
