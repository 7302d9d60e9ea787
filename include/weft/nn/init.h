#pragma once

#include <cstdint>

#include "weft/ops/random.h"
#include "weft/tensor.h"

/// Starting values, in place. fan_in and fan_out of a weight [out, ..., in] are in * window and out * window, where
/// the window is the product of the extents between them.
namespace weft::nn::init {

void constant_(Tensor& x, double value);
void uniform_(Tensor& x, double low, double high, Generator& generator);
void fan_in_uniform_(Tensor& x, std::int64_t fan_in, Generator& generator);  // ±1/sqrt(fan_in)
/// ±sqrt(6/(fan_in+fan_out)); Glorot, Bengio 2010.
void xavier_uniform_(Tensor& weight, Generator& generator);
/// ±sqrt(6/fan_in), for ReLU; He et al. 2015.
void kaiming_uniform_(Tensor& weight, Generator& generator);
void normal_(Tensor& x, double mean, double deviation, Generator& generator);
void xavier_normal_(Tensor& weight, Generator& generator);   // deviation sqrt(2/(fan_in+fan_out))
void kaiming_normal_(Tensor& weight, Generator& generator);  // deviation sqrt(2/fan_in)

}  // namespace weft::nn::init
