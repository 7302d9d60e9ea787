#pragma once

#include <cstdint>

#include "kernels/batch_norm/batch_norm.h"

namespace weft::kernels {

/// Floats of workspace of the functions below.
std::int64_t batch_norm_moments_workspace(std::int64_t rows, std::int64_t c);
std::int64_t batch_norm_sums_workspace(std::int64_t rows, std::int64_t c);

/// mean, rstd and the running values of batch_norm.
void batch_norm_moments(const BatchNormForward& p, float* workspace, StreamView stream);

/// y of batch_norm from mean and rstd; `running`: of batch_norm_evaluate from the running values.
void batch_norm_apply(const BatchNormForward& p, bool running, StreamView stream);

/// dweight and dbias of batch_norm_backward; returns where in the workspace dx finds its coefficients:
/// [2, c], the mean of g, and rstd dweight / rows.
const float* batch_norm_sums(const BatchNormBackward& p, float* workspace, StreamView stream);

/// dx of batch_norm_backward; null coefficients are 0, as in evaluation.
void batch_norm_apply_backward(const BatchNormBackward& p, const float* coefficients,
                               StreamView stream);

}  // namespace weft::kernels
