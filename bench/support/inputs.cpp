#include "bench/support/inputs.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "bench/vendor/timed_graph.h"
#include "weft/half.h"
#include "weft/ops/random.h"

namespace bench {

using namespace weft;

namespace {

Generator& generator() {
  static Generator made(1);
  return made;
}

std::vector<float> values_of(const Tensor& x) {
  if (x.dtype() == DType::float32) return x.to_vector<float>();
  std::vector<float> values;
  if (x.dtype() == DType::int32) {
    for (const std::int32_t value : x.to_vector<std::int32_t>())
      values.push_back(static_cast<float>(value));
  } else {  // a bfloat16 is the upper half of a float
    const auto bytes = x.to_vector<std::uint8_t>();
    values.reserve(bytes.size() / 2);
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2)
      values.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(bytes[i]) << 16 |
                                            static_cast<std::uint32_t>(bytes[i + 1]) << 24));
  }
  return values;
}

}  // namespace

Tensor random_floats(Shape shape) {
  Tensor x = empty(shape, DType::float32, Device::gpu);
  normal_(x, 0, 1, generator().next());
  return x;
}

Tensor random_bfloat16(std::int64_t elements) {
  // A pattern of a mebi-element, over and over: rounding on the host is slow.
  constexpr std::int64_t kPattern = 1 << 20;
  const std::int64_t count = std::min(elements, kPattern);
  const Tensor pattern = to_bfloat16(random_floats({count}));
  Tensor x = empty({2 * elements}, DType::uint8, Device::gpu);
  for (std::int64_t at = 0; at < 2 * elements; at += 2 * count)
    copy_on_device(static_cast<std::uint8_t*>(x.data()) + at, pattern.data(),
                   static_cast<std::size_t>(std::min(2 * count, 2 * elements - at)));
  synchronize();  // before the pattern's memory is given back
  return x;
}

Tensor to_bfloat16(const Tensor& x) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(2 * x.size()));
  std::size_t at = 0;
  for (const float value : x.to_vector<float>()) {
    const auto bits = std::bit_cast<std::uint16_t>(bfloat16(value));
    bytes[at++] = static_cast<std::uint8_t>(bits & 0xff);
    bytes[at++] = static_cast<std::uint8_t>(bits >> 8);
  }
  return from_values(bytes, {2 * x.size()}).to(Device::gpu);
}

Tensor from_bfloat16(const Tensor& x) {
  return from_values(values_of(x), {x.size() / 2}).to(Device::gpu);
}

Tensor random_labels(std::int64_t rows, std::int64_t classes) {
  Tensor x = empty({rows});
  uniform_(x, 0, static_cast<double>(classes), generator().next());
  std::vector<std::int32_t> labels;
  for (const float value : x.to_vector<float>())
    labels.push_back(
        std::min(static_cast<std::int32_t>(value), static_cast<std::int32_t>(classes - 1)));
  return from_values(labels, {rows}).to(Device::gpu);
}

Tensor unwritten(Shape shape) {
  return full(shape, std::numeric_limits<double>::quiet_NaN(), DType::float32, Device::gpu);
}

int sets_beyond_cache(double bytes) {
  constexpr double kTimes = 3;
  return static_cast<int>(std::clamp(
      std::ceil(kTimes * static_cast<double>(l2_bytes()) / std::max(bytes, 1.0)), 1.0, 64.0));
}

double relative_error(const Tensor& a, const Tensor& b) {
  const auto left = values_of(a), right = values_of(b);
  if (left.size() != right.size()) return std::numeric_limits<double>::infinity();
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < right.size(); ++i) {
    const double d = static_cast<double>(left[i]) - static_cast<double>(right[i]);
    difference += d * d;
    norm += static_cast<double>(right[i]) * static_cast<double>(right[i]);
  }
  return norm == 0 && difference == 0 ? 0 : std::sqrt(difference / norm);
}

}  // namespace bench
