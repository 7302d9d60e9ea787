#include <cmath>
#include <string>

#include "weft/error.h"
#include "weft/nn/init.h"
#include "weft/ops/elementwise.h"

namespace weft::nn::init {
namespace {

struct Fans {
  double in, out;
};

Fans fans_of(const char* name, const Tensor& weight) {
  if (weight.rank() < 2 || weight.size() == 0)
    throw ShapeError(std::string(name) + ": expected a weight [out, ..., in], got " +
                     weight.shape().to_string());
  const auto size = static_cast<double>(weight.size());
  return {size / static_cast<double>(weight.size(0)),
          size / static_cast<double>(weight.size(weight.rank() - 1))};
}

}  // namespace

void constant_(Tensor& x, double value) { fill_(x, value); }

void uniform_(Tensor& x, double low, double high, Generator& generator) {
  weft::uniform_(x, low, high, generator.next());
}

void fan_in_uniform_(Tensor& x, std::int64_t fan_in, Generator& generator) {
  if (fan_in < 1)
    throw ShapeError("fan_in_uniform_: expected a fan_in of at least 1, got " +
                     std::to_string(fan_in));
  const double bound = 1 / std::sqrt(static_cast<double>(fan_in));
  uniform_(x, -bound, bound, generator);
}

void xavier_uniform_(Tensor& weight, Generator& generator) {
  const Fans fans = fans_of("xavier_uniform_", weight);
  const double bound = std::sqrt(6 / (fans.in + fans.out));
  uniform_(weight, -bound, bound, generator);
}

void kaiming_uniform_(Tensor& weight, Generator& generator) {
  const double bound = std::sqrt(6 / fans_of("kaiming_uniform_", weight).in);
  uniform_(weight, -bound, bound, generator);
}

void normal_(Tensor& x, double mean, double deviation, Generator& generator) {
  weft::normal_(x, mean, deviation, generator.next());
}

void xavier_normal_(Tensor& weight, Generator& generator) {
  const Fans fans = fans_of("xavier_normal_", weight);
  normal_(weight, 0, std::sqrt(2 / (fans.in + fans.out)), generator);
}

void kaiming_normal_(Tensor& weight, Generator& generator) {
  normal_(weight, 0, std::sqrt(2 / fans_of("kaiming_normal_", weight).in), generator);
}

}  // namespace weft::nn::init
