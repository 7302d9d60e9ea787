#pragma once

// The networks that weft-lessons predict builds again, each defined in its lesson's file: pictures, as
// rows of their pixels, to scores of the classes.

#include "weft/nn.h"
#include "weft/ops/random.h"

namespace lessons {

struct PictureSize {
  std::int64_t rows, columns, channels = 1;
  std::int64_t pixels() const { return rows * columns * channels; }
};

weft::nn::Sequential softmax_mnist_network(PictureSize, std::int64_t classes, weft::Generator&);
weft::nn::Sequential mnist_hidden_layer_network(PictureSize, std::int64_t classes,
                                                weft::Generator&);
weft::nn::Sequential cnn_small_images_network(PictureSize, std::int64_t classes, weft::Generator&);
weft::nn::Sequential cnn_batches_network(PictureSize, std::int64_t classes, weft::Generator&);
weft::nn::Sequential anime_cnn_network(PictureSize, std::int64_t classes, weft::Generator&);

}  // namespace lessons
