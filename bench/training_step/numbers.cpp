// Data and starting values, each number computed from its index alone.

#include <cmath>
#include <string>
#include <vector>

#include "bench/training_step/lessons.h"

namespace bench {

using namespace weft;

namespace {

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

}  // namespace bench
