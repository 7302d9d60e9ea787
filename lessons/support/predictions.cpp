#include "support/predictions.h"

#include <algorithm>
#include <string>

#include "support/text.h"
#include "weft/autograd.h"
#include "weft/metrics.h"
#include "weft/ops/softmax.h"

namespace lessons {

namespace {

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

}  // namespace

double Predictions::probability(std::size_t sample, int of) const {
  return static_cast<double>(probabilities[sample * index(classes) + static_cast<std::size_t>(of)]);
}

double Predictions::mean_confidence(bool of_right) const {
  double sum = 0;
  int count = 0;
  for (std::size_t i = 0; i < size(); ++i) {
    if (right(i) != of_right) continue;
    sum += probability(i, said[i]);
    ++count;
  }
  return count == 0 ? 0 : sum / count;
}

Predictions predict(weft::nn::Module& model, const weft::Dataset& data, std::int64_t batch_size) {
  const weft::NoGrad no_grad;
  const weft::nn::EvaluationMode evaluation(model);
  Predictions result;
  result.classes = data.classes();
  weft::Metrics metrics(data.device());
  for (const weft::Batch& batch : data.batches(batch_size)) {
    const weft::Tensor scores = weft::softmax(model(batch.x));
    metrics.add_confusion(scores, batch.y);
    const auto probabilities = scores.to_vector<float>();
    const auto labels = batch.y.to_vector<std::int32_t>();
    result.truth.insert(result.truth.end(), labels.begin(), labels.end());
    for (std::size_t row = 0; row < labels.size(); ++row) {
      const auto begin = probabilities.begin() + static_cast<std::ptrdiff_t>(row) * data.classes();
      result.said.push_back(
          static_cast<int>(std::max_element(begin, begin + data.classes()) - begin));
    }
    result.probabilities.insert(result.probabilities.end(), probabilities.begin(),
                                probabilities.end());
  }
  result.confusion = metrics.read().confusion;
  return result;
}

weft::Picture picture_of(const float* pixels, int rows, int columns, const std::string& caption) {
  return {std::vector<float>(pixels, pixels + rows * columns), rows, columns, caption};
}

std::vector<weft::Picture> first_pictures(const Predictions& predictions, const weft::Dataset& data,
                                          bool right, int count, int rows, int columns) {
  std::vector<weft::Picture> pictures;
  for (std::size_t i = 0;
       i < predictions.size() && pictures.size() < static_cast<std::size_t>(count); ++i) {
    if (predictions.right(i) != right) continue;
    const auto pixels = data.gather(static_cast<std::int64_t>(i), 1).x.to_vector<float>();
    const int truth = predictions.truth[i], said = predictions.said[i];
    const auto share = [&](int of) {
      return std::to_string(of) + ": " + percent(predictions.probability(i, of), 0);
    };
    pictures.push_back(picture_of(pixels.data(), rows, columns,
                                  right ? "true " + std::to_string(truth) + "\n" + share(truth)
                                        : "true " + std::to_string(truth) + ", said " +
                                              std::to_string(said) + "\n" + share(said) + ",  " +
                                              share(truth)));
  }
  return pictures;
}

}  // namespace lessons
