#pragma once

#include <cstdint>

#include "weft/ops/random.h"
#include "weft/tensor.h"

// Starting values, in place. fan_in and fan_out of a weight [out, ..., in] are in * window and out * window, where
// the window is the product of the extents between them.

namespace weft::nn::init {
/// @addtogroup nn
/// @{

/// `value` everywhere.
void constant_(Tensor& x, double value);
/// Uniform in [low, high).
void uniform_(Tensor& x, double low, double high, Generator& generator);
/// Uniform in ±1/sqrt(fan_in): PyTorch's default for Linear and Conv2d.
void fan_in_uniform_(Tensor& x, std::int64_t fan_in, Generator& generator);
/// Uniform in ±sqrt(6/(fan_in+fan_out)); Glorot, Bengio 2010.
void xavier_uniform_(Tensor& weight, Generator& generator);
/// Uniform in ±sqrt(6/fan_in), for ReLU; He et al. 2015.
void kaiming_uniform_(Tensor& weight, Generator& generator);
/// The normal distribution.
void normal_(Tensor& x, double mean, double deviation, Generator& generator);
/// Normal with mean 0 and deviation sqrt(2/(fan_in+fan_out)); Glorot, Bengio 2010.
void xavier_normal_(Tensor& weight, Generator& generator);
/// Normal with mean 0 and deviation sqrt(2/fan_in), for ReLU; He et al. 2015.
void kaiming_normal_(Tensor& weight, Generator& generator);

/// @}
}  // namespace weft::nn::init
