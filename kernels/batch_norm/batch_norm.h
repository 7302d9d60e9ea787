#pragma once

#include <cstddef>
#include <cstdint>

#include "weft/stream.h"

namespace weft::kernels {

/// What normalisation reads and writes. In training mean and rstd are computed and the running values, where
/// there are any, updated; in evaluation the running values are used, and mean and rstd made from them.
struct BatchNormForward {
  const float* x = nullptr;           // [rows, c]
  const float* weight = nullptr;      // [c], or null: 1
  const float* bias = nullptr;        // [c], or null: 0
  float* y = nullptr;                 // [rows, c]
  float* mean = nullptr;              // [c]; in evaluation both may be null, and stay without rows
  float* rstd = nullptr;              // [c]: 1 / sqrt(variance + epsilon)
  float* running_mean = nullptr;      // [c], or both null in training
  float* running_variance = nullptr;  // [c]
  std::int64_t rows = 0, c = 0;
  float momentum = 0, epsilon = 0;
  bool relu = false;  // y = max(., 0); NaN stays NaN
};

/// What its gradient reads and writes. A null output is not wanted; `add` adds to what is there.
struct BatchNormBackward {
  const float* x = nullptr;       // [rows, c]
  const float* weight = nullptr;  // [c], or null: 1
  const float* mean = nullptr;    // [c]
  const float* rstd = nullptr;    // [c]
  const float* y = nullptr;       // [rows, c] where ReLU was fused, else null
  const float* dy = nullptr;      // [rows, c]
  float* dx = nullptr;            // [rows, c]
  float* dweight = nullptr;       // [c]
  float* dbias = nullptr;         // [c]
  bool add_dx = false, add_dweight = false, add_dbias = false;
  std::int64_t rows = 0, c = 0;
  bool training = true;  // mean and rstd depended on x
};

/// Floats of workspace, by which the scheme is chosen: none where eight channels fit into a block's shared
/// memory, of which the GPU allows `shared_bytes`; then the array is read once.
std::int64_t batch_norm_workspace(std::int64_t rows, std::int64_t c, std::size_t shared_bytes);
std::int64_t batch_norm_backward_workspace(std::int64_t rows, std::int64_t c,
                                           std::size_t shared_bytes);

/// y = (x - mean) rstd weight + bias with the mean and the biased variance of each channel over the rows, of
/// which there are two at least; running (+)= momentum (value - running), the variance unbiased. A null
/// workspace: each block keeps its channels in shared memory. The same input gives the same bits.
void batch_norm(const BatchNormForward& p, float* workspace, StreamView stream);

/// The same with the running mean and variance, which stay as they are.
void batch_norm_evaluate(const BatchNormForward& p, StreamView stream);

/// With g = dy (0 where y <= 0, after ReLU) and xhat = (x - mean) rstd, sums over the rows:
/// dbias = sum g, dweight = sum g xhat, dx = weight rstd (g - dbias / rows - xhat dweight / rows), or
/// weight rstd g in evaluation.
void batch_norm_backward(const BatchNormBackward& p, float* workspace, StreamView stream);

}  // namespace weft::kernels
