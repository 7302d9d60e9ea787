#pragma once

#include <cstdint>

namespace weft::cpu {

/// As kernels::BatchNormForward; T is float or double.
template <class T>
struct BatchNormForward {
  const T* x = nullptr;           // [rows, c]
  const T* weight = nullptr;      // [c], or null: 1
  const T* bias = nullptr;        // [c], or null: 0
  T* y = nullptr;                 // [rows, c]
  T* mean = nullptr;              // [c]; in evaluation both may be null, and stay without rows
  T* rstd = nullptr;              // [c]: 1 / sqrt(variance + epsilon)
  T* running_mean = nullptr;      // [c], or both null in training
  T* running_variance = nullptr;  // [c]
  std::int64_t rows = 0, c = 0;
  T momentum = 0, epsilon = 0;
  bool relu = false;  // y = max(., 0); NaN stays NaN
};

/// As kernels::BatchNormBackward.
template <class T>
struct BatchNormBackward {
  const T* x = nullptr;       // [rows, c]
  const T* weight = nullptr;  // [c], or null: 1
  const T* mean = nullptr;    // [c]
  const T* rstd = nullptr;    // [c]
  const T* y = nullptr;       // [rows, c] where ReLU was fused, else null
  const T* dy = nullptr;      // [rows, c]
  T* dx = nullptr;            // [rows, c]; null outputs are not wanted
  T* dweight = nullptr;       // [c]
  T* dbias = nullptr;         // [c]
  bool add_dx = false, add_dweight = false, add_dbias = false;
  std::int64_t rows = 0, c = 0;
  bool training = true;  // mean and rstd depended on x
};

/// The functions of kernels/batch_norm/batch_norm.h. Rows are taken in chunks that depend on c alone, so the
/// bits do not depend on the number of threads.
template <class T>
void batch_norm(const BatchNormForward<T>& p);
template <class T>
void batch_norm_evaluate(const BatchNormForward<T>& p);
template <class T>
void batch_norm_backward(const BatchNormBackward<T>& p);

}  // namespace weft::cpu
