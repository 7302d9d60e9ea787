#pragma once

// Inputs on the GPU: random numbers always, since zeros draw less power and run faster.

#include <cstdint>
#include <vector>

#include "weft/tensor.h"

namespace bench {

/// Normally distributed, mean 0, deviation 1; every call draws other numbers.
weft::Tensor random_floats(weft::Shape shape);

/// `elements` bfloat16 numbers of that distribution, as uint8 [2 elements].
weft::Tensor random_bfloat16(std::int64_t elements);

/// x rounded to bfloat16, in that form, and back as float32.
weft::Tensor to_bfloat16(const weft::Tensor& x);
weft::Tensor from_bfloat16(const weft::Tensor& x);

/// Labels 0 .. classes - 1, int32 [rows].
weft::Tensor random_labels(std::int64_t rows, std::int64_t classes);

/// A float32 tensor on the GPU that was not written to: NaN everywhere.
weft::Tensor unwritten(weft::Shape shape);

/// How many sets of inputs of `bytes` to take in turn so that none is found in the L2 cache: together three
/// times its size, at most 64, at least 1. Small ones stay in the cache whatever one does, as in training.
int sets_beyond_cache(double bytes);

/// ||a - b|| / ||b||, on the CPU in float64; NaN where either has one. Of float32, int32 or (as uint8) bfloat16.
double relative_error(const weft::Tensor& a, const weft::Tensor& b);

}  // namespace bench
