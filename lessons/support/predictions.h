#pragma once

#include <cstdint>
#include <vector>

#include "weft/data.h"
#include "weft/figures.h"
#include "weft/nn.h"

namespace lessons {

/// What a classifier says about every sample of a set, on the host.
struct Predictions {
  std::int64_t classes = 0;
  std::vector<int> truth, said;         // of each sample
  std::vector<float> probabilities;     // [samples, classes]
  std::vector<std::int64_t> confusion;  // [true class, said class]

  std::size_t size() const { return truth.size(); }
  bool right(std::size_t sample) const { return truth[sample] == said[sample]; }
  double probability(std::size_t sample, int of) const;

  /// How sure it is of what it says: the mean over its right, or its wrong, answers; 0 without any.
  double mean_confidence(bool of_right) const;
};

/// In evaluation mode, `batch` samples at a time: fewer where a network's maps are large.
Predictions predict(weft::nn::Module& model, const weft::Dataset& data, std::int64_t batch = 1000);

/// The first samples that were answered right, or wrong, as pictures with what was said about them.
std::vector<weft::Picture> first_pictures(const Predictions& predictions, const weft::Dataset& data,
                                          bool right, int count, int rows, int columns);

/// A row of numbers as a picture.
weft::Picture picture_of(const float* pixels, int rows, int columns, const std::string& caption);

}  // namespace lessons
