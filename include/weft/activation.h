#pragma once

// Activation functions by name, for the ops and the kernels that apply one to what they compute.

#include <cstdint>

namespace weft {
/// @addtogroup elementwise
/// @{

/// sigmoid 1 / (1 + exp(-x)), tanh, relu max(x, 0), leaky_relu x or slope x where x < 0. NaN stays NaN in
/// all of them. Each has a derivative that follows from its result alone, so backward saves only that.
enum class Activation : std::uint8_t { none, sigmoid, tanh, relu, leaky_relu };

/// @}

/// What leaky_relu multiplies negative numbers with unless told otherwise; PyTorch's default.
inline constexpr double kLeakySlope = 0.01;

}  // namespace weft
