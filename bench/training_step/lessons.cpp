#include "bench/training_step/lessons.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace bench {

using namespace weft;

namespace {

constexpr Scaling kToOne{.scale = 1.0f / 255}, kAroundZero{.scale = 2.0f / 255, .shift = -1};

nn::Sequential softmax_mnist(Generator& g) { return nn::Sequential{nn::Linear(784, 10, g)}; }

nn::Sequential mnist_hidden_layer(Generator& g) {
  return nn::Sequential{nn::Linear(784, 100, g), nn::Sigmoid(), nn::Linear(100, 10, g)};
}

nn::Sequential spirals(Generator& g) {
  return nn::Sequential{nn::Linear(2, 50, g), nn::ReLU(), nn::Linear(50, 3, g)};
}

nn::Sequential cnn_small_images(Generator& g) {
  return nn::fuse(
      nn::Sequential{nn::Unflatten({16, 16, 1}), nn::Conv2d(1, 16, 5, g, {.padding = 2}),
                     nn::ReLU(), nn::MaxPool2d(2), nn::Conv2d(16, 32, 5, g, {.padding = 2}),
                     nn::ReLU(), nn::MaxPool2d(2), nn::Flatten(), nn::Linear(4 * 4 * 32, 10, g)});
}

nn::Sequential anime_two_convolutions(Generator& g) {
  return nn::fuse(nn::Sequential{
      nn::Unflatten({64, 64, 3}), nn::Conv2d(3, 32, 3, g, {.padding = 1}), nn::ReLU(),
      nn::MaxPool2d(2), nn::Conv2d(32, 64, 3, g, {.padding = 1}), nn::ReLU(), nn::MaxPool2d(2),
      nn::Flatten(), nn::Linear(16 * 16 * 64, 128, g), nn::ReLU(), nn::Linear(128, 8, g)});
}

nn::Sequential anime_batch_norm(Generator& g) {
  return nn::fuse(nn::Sequential{
      nn::Unflatten({64, 64, 3}), nn::Conv2d(3, 32, 3, g, {.padding = 1}), nn::BatchNorm(32),
      nn::ReLU(), nn::MaxPool2d(2), nn::Conv2d(32, 64, 3, g, {.padding = 1}), nn::BatchNorm(64),
      nn::ReLU(), nn::MaxPool2d(2), nn::Conv2d(64, 64, 3, g, {.padding = 1}), nn::BatchNorm(64),
      nn::ReLU(), nn::MaxPool2d(2), nn::Flatten(), nn::Linear(8 * 8 * 64, 128, g), nn::ReLU(),
      nn::Linear(128, 8, g)});
}

/// Number `index` of a random stream: 32 bits, mixed with the constants of Chris Wellons' search for hash functions of
/// little bias. No state, so that any language computes all of them at once.
std::uint32_t hash(std::uint32_t stream, std::uint32_t index) {
  std::uint32_t x = index + stream * 0x9e3779b9u;
  x = (x ^ (x >> 16)) * 0x21f0aaadu;
  x = (x ^ (x >> 15)) * 0x735a2d97u;
  return x ^ (x >> 15);
}

constexpr std::uint32_t kNoise = 0, kPatterns = 1, kParameters = 2;  // streams

std::uint8_t random_byte(std::uint32_t stream, std::int64_t index) {  // four of each number
  return static_cast<std::uint8_t>(hash(stream, static_cast<std::uint32_t>(index / 4)) >>
                                   (8 * (index % 4)));
}

double positions(const Lesson& lesson, std::size_t convolution) {  // a pooling lies behind each
  const double side = static_cast<double>(lesson.side >> convolution);
  return side * side;
}

template <class T, class Convert>
Tensor make_inputs(const Lesson& lesson, std::int64_t rows, Convert convert) {
  std::vector<T> values;
  values.reserve(static_cast<std::size_t>(rows * lesson.features));
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t i = 0; i < lesson.features; ++i) {
      const std::int64_t of_class = row % lesson.classes * lesson.features + i;
      values.push_back(convert(random_byte(kNoise, row * lesson.features + i) / 2 +
                               random_byte(kPatterns, of_class) / 2));
    }
  return from_values(values, {rows, lesson.features});
}

}  // namespace

const std::vector<Lesson>& lessons() {
  static const std::vector<Lesson> all{{.name = "04",
                                        .model = "784-10 softmax, SGD",
                                        .rows = 60'000,
                                        .batch = 100,
                                        .features = 784,
                                        .classes = 10,
                                        .scaling = kToOne,
                                        .lr = 0.1,
                                        .network = softmax_mnist},
                                       {.name = "08",
                                        .model = "784-100-10 sigmoid, SGD",
                                        .rows = 60'000,
                                        .batch = 2000,
                                        .features = 784,
                                        .classes = 10,
                                        .scaling = kToOne,
                                        .lr = 0.01,
                                        .network = mnist_hidden_layer},
                                       {.name = "12",
                                        .model = "2-50-3 ReLU, SGD",
                                        .rows = 1500,
                                        .batch = 20,
                                        .features = 2,
                                        .classes = 3,
                                        .stored = Stored::points,
                                        .lr = 0.1,
                                        .network = spirals},
                                       {.name = "24",
                                        .model = "two convolutions on 16 x 16, SGD",
                                        .rows = 60'000,
                                        .batch = 100,
                                        .side = 16,
                                        .features = 256,
                                        .classes = 10,
                                        .stored = Stored::bytes_as_floats,
                                        .scaling = kToOne,
                                        .lr = 0.1,
                                        .network = cnn_small_images},
                                       {.name = "26",
                                        .model = "two convolutions on 64 x 64 x 3, Adam",
                                        .rows = 2560,
                                        .batch = 64,
                                        .side = 64,
                                        .features = 64 * 64 * 3,
                                        .classes = 8,
                                        .scaling = kAroundZero,
                                        .lr = 0.001,
                                        .is_adam = true,
                                        .network = anime_two_convolutions},
                                       {.name = "26_batch_norm",
                                        .model = "three, batch norm, on 64 x 64 x 3, Adam",
                                        .rows = 2560,
                                        .batch = 64,
                                        .side = 64,
                                        .features = 64 * 64 * 3,
                                        .classes = 8,
                                        .scaling = kAroundZero,
                                        .lr = 0.001,
                                        .is_adam = true,
                                        .network = anime_batch_norm}};
  return all;
}

const Lesson* find_lesson(std::string_view name) {
  const auto found = std::ranges::find(lessons(), name, &Lesson::name);
  return found == lessons().end() ? nullptr : &*found;
}

Dataset make_data(const Lesson& lesson, std::int64_t rows) {
  std::vector<std::int32_t> labels;
  for (std::int64_t row = 0; row < rows; ++row)
    labels.push_back(static_cast<std::int32_t>(row % lesson.classes));
  const Tensor inputs =
      lesson.stored == Stored::bytes
          ? make_inputs<std::uint8_t>(lesson, rows,
                                      [](int byte) { return static_cast<std::uint8_t>(byte); })
      : lesson.stored == Stored::points
          ? make_inputs<float>(lesson, rows,
                               [](int byte) { return static_cast<float>(byte) / 128 - 1; })
          : make_inputs<float>(lesson, rows, [](int byte) { return static_cast<float>(byte); });
  return {inputs, from_values(labels, {rows}), lesson.classes, lesson.scaling};
}

nn::Sequential make_network(const Lesson& lesson) {
  Generator generator(1);
  nn::Sequential network = lesson.network(generator);
  std::uint32_t stream = kParameters;
  for (auto& [name, parameter] : network.named_parameters()) {
    const bool is_bias = name.ends_with("bias");
    std::vector<float> values(static_cast<std::size_t>(parameter.size()), is_bias ? 0.0f : 1.0f);
    if (parameter.rank() > 1) {
      const double bound = 1 / std::sqrt(static_cast<double>(parameter.size() / parameter.size(0)));
      for (std::size_t i = 0; i < values.size(); ++i)
        values[i] =
            static_cast<float>(bound * (hash(stream, static_cast<std::uint32_t>(i)) * 0x1p-31 - 1));
    }
    parameter.copy_from(from_values(values, parameter.shape()));
    ++stream;
  }
  return network;
}

std::unique_ptr<Optimizer> make_optimizer(const Lesson& lesson, nn::Module& model) {
  if (lesson.is_adam)
    return std::make_unique<Adam>(model.parameters(), AdamOptions{.lr = lesson.lr});
  return std::make_unique<Sgd>(model.parameters(), SgdOptions{.lr = lesson.lr});
}

double flops_of_step(const Lesson& lesson) {
  Generator generator(1);
  double flops = 0;
  std::size_t convolutions = 0;
  for (const Tensor& weight : lesson.network(generator).parameters()) {
    if (weight.rank() < 2) continue;
    const double places = weight.rank() == 4 ? positions(lesson, convolutions++) : 1;
    const double product = 2.0 * static_cast<double>(lesson.batch * weight.size()) * places;
    flops += (flops == 0 ? 2 : 3) * product;
  }
  return flops;
}

double bytes_of_step(const Lesson& lesson) {
  Generator generator(1);
  const std::int64_t parameters = lesson.network(generator).parameter_count();
  const std::int64_t of_input = lesson.stored == Stored::bytes ? 1 : 4;
  return static_cast<double>(lesson.batch * (lesson.features * of_input + 4) + 2 * 4 * parameters);
}

}  // namespace bench
