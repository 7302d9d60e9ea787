#pragma once

// Checks that ops share. Every message names the op, what it expected and what it found.

#include <initializer_list>
#include <string>

#include "weft/error.h"
#include "weft/tensor.h"

namespace weft::ops {

[[noreturn]] inline void fail(const char* op, const std::string& what) {
  throw ShapeError(std::string(op) + ": " + what);
}

inline void require_rank(const char* op, const char* name, const Tensor& x, int rank) {
  if (x.rank() != rank)
    fail(op, "expected " + std::string(name) + " of rank " + std::to_string(rank) + ", got " +
                 x.shape().to_string());
}

inline void require_shape(const char* op, const char* name, const Tensor& x, const Shape& shape) {
  if (x.shape() != shape)
    fail(op, "expected " + std::string(name) + " " + shape.to_string() + ", got " +
                 x.shape().to_string());
}

inline void require_dtype(const char* op, const char* name, const Tensor& x, DType dtype) {
  if (x.dtype() != dtype)
    fail(op,
         "expected " + std::string(name) + " of " + name_of(dtype) + ", got " + name_of(x.dtype()));
}

/// float32 anywhere, float64 on the CPU.
inline void require_floating(const char* op, const char* name, const Tensor& x) {
  if (x.dtype() == DType::float32 || (x.dtype() == DType::float64 && x.device() == Device::cpu))
    return;
  fail(op, "expected " + std::string(name) + " of float32 (float64 on the cpu), got " +
               name_of(x.dtype()) + " on the " + name_of(x.device()));
}

/// The same device and, for floating operands, the same dtype.
inline void require_same_device(const char* op, std::initializer_list<const Tensor*> tensors) {
  for (const Tensor* x : tensors)
    if (x->device() != (*tensors.begin())->device())
      fail(op, "expected all tensors on one device, got one on the " +
                   std::string(name_of((*tensors.begin())->device())) + " and one on the " +
                   name_of(x->device()));
}

inline void require_same_dtype(const char* op, const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype())
    fail(op, "expected equal dtypes, got " + std::string(name_of(a.dtype())) + " and " +
                 name_of(b.dtype()));
}

/// Calls run.template operator()<float>() or <double>() for a floating dtype: the CPU twins are
/// templates.
template <class Run>
void with_floating_type(DType dtype, Run run) {
  if (dtype == DType::float64)
    run.template operator()<double>();
  else
    run.template operator()<float>();
}

}  // namespace weft::ops
