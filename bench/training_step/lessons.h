#pragma once

// The main models of lessons 04, 08, 12, 24 and 26, with batch, optimiser and size of the data as there. Data and
// starting values are computed from their indices, so that bench/peers makes the same ones and losses can be compared.

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "weft/data.h"
#include "weft/nn.h"
#include "weft/optim.h"

namespace bench {

enum class Stored { bytes, bytes_as_floats, points };  // points: float32 from -1 to 1

struct Lesson {
  std::string_view name;                     // on the command line
  std::string_view model;                    // in words
  std::int64_t rows, batch;                  // of the data, of a step
  std::int64_t side = 0, features, classes;  // of a picture that is convolved; of a sample
  Stored stored = Stored::bytes;
  weft::Scaling scaling = {};
  double lr;
  bool is_adam = false;  // else plain SGD
  weft::nn::Sequential (*network)(weft::Generator&);
};

const std::vector<Lesson>& lessons();
const Lesson* find_lesson(std::string_view name);  // nullptr for none of that name

/// The first `rows` samples, on the CPU: each half noise, half a pattern of its class, so that it can be learned.
weft::Dataset make_data(const Lesson& lesson, std::int64_t rows);

/// Weights of two axes and more uniform in ±1/sqrt(inputs of an output), biases 0, batch norm's weights 1.
weft::nn::Sequential make_network(const Lesson& lesson);

std::unique_ptr<weft::Optimizer> make_optimizer(const Lesson& lesson, weft::nn::Module& model);

/// Operations of a step's products: 2 for each multiplication, three products a layer (result, and the gradients of
/// weights and input), two for the first.
double flops_of_step(const Lesson& lesson);

/// Bytes that a step cannot do without: the batch read once, the parameters read and written once.
double bytes_of_step(const Lesson& lesson);

}  // namespace bench
