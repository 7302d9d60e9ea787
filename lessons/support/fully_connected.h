#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "weft/activation.h"
#include "weft/nn.h"
#include "weft/ops/random.h"

namespace lessons {

/// The functions that lessons 10 and 11 compare, as tables, figures and metrics.csv call them.
struct NamedActivation {
  const char* name;
  weft::Activation activation;
};
inline constexpr NamedActivation kFunctions[] = {{"sigmoid", weft::Activation::sigmoid},
                                                 {"tanh", weft::Activation::tanh},
                                                 {"ReLU", weft::Activation::relu}};

/// A fully connected network of any depth, as a module of one's own is written: it holds its layers, says
/// how they follow each other, and names their parameters. The activation stands behind every layer but
/// the last, which gives the scores. Names and draws are those of a Sequential of the same layers.
class FullyConnected : public weft::nn::Module {
 public:
  /// `sizes` are those of the inputs, the hidden layers and the outputs.
  FullyConnected(const std::vector<std::int64_t>& sizes, weft::Activation activation,
                 weft::Generator& generator);

  weft::Tensor forward(const weft::Tensor& x) override { return outputs(x).back(); }
  weft::nn::NamedTensors named_parameters() const override;

  /// What each layer makes of x: the hidden layers' activations [rows, outputs], then the scores.
  std::vector<weft::Tensor> outputs(const weft::Tensor& x) const;

  std::vector<weft::nn::Linear> layers;
  weft::Activation activation;
};

/// "784-100-10", and the same with the number of its parameters: what a run says of its model.
std::string sizes_of(const FullyConnected& network);
std::string describe(const FullyConnected& network);

}  // namespace lessons
