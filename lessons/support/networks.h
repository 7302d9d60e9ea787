#pragma once

// The networks that weft-lessons predict builds again, each defined in its lesson's file: pictures, as
// rows of their pixels, to scores of the classes.

#include <map>
#include <string>
#include <vector>

#include "weft/nn.h"
#include "weft/ops/random.h"

namespace lessons {

constexpr std::int64_t kMostClasses = 1'000;  // of pictures

struct PictureSize {
  std::int64_t rows, columns, channels = 1;
  std::int64_t pixels() const { return rows * columns * channels; }
};

/// What predict must know of the pictures that a model was trained on; Run::save_model writes it into the
/// model's file. Classes without names have numbers.
std::map<std::string, std::string> about_pictures(PictureSize size, std::int64_t classes,
                                                  const std::vector<std::string>& names = {});

weft::nn::Sequential softmax_mnist_network(PictureSize, std::int64_t classes, weft::Generator&);
weft::nn::Sequential mnist_hidden_layer_network(PictureSize, std::int64_t classes,
                                                weft::Generator&);
weft::nn::Sequential cnn_small_images_network(PictureSize, std::int64_t classes, weft::Generator&);
weft::nn::Sequential cnn_batches_network(PictureSize, std::int64_t classes, weft::Generator&);
weft::nn::Sequential anime_cnn_network(PictureSize, std::int64_t classes, weft::Generator&);

}  // namespace lessons
