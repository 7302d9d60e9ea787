#pragma once

// The activation functions in float64, by their definitions.

#include <cmath>

#include "weft/activation.h"

namespace weft::test {

inline constexpr Activation kAllActivations[] = {Activation::none, Activation::sigmoid,
                                                 Activation::tanh, Activation::relu,
                                                 Activation::leaky_relu};

inline double exact_activation(Activation activation, double x, double slope) {
  switch (activation) {
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-x));
    case Activation::tanh:
      return std::tanh(x);
    case Activation::relu:
      return x > 0 ? x : 0;
    case Activation::leaky_relu:
      return x > 0 ? x : slope * x;
    default:
      return x;
  }
}

}  // namespace weft::test
