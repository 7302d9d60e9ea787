#include <algorithm>
#include <cstring>
#include <string>

#include "src/device/runtime.h"
#include "src/tensor/tensor_state.h"
#include "weft/error.h"
#include "weft/ops/elementwise.h"
#include "weft/tensor.h"

namespace weft {
Tensor empty(Shape shape, DType dtype, Device device) {
  if (dtype == DType::float64 && device == Device::gpu)
    throw ShapeError("tensor: expected another dtype on the gpu, got float64 (cpu only)");
  auto storage =
      std::make_shared<Storage>(static_cast<std::size_t>(shape.size()) * size_of(dtype), device);
  void* const first = storage->memory;
  return Tensor(std::make_shared<TensorState>(std::move(storage), first, shape, dtype));
}

Tensor zeros(Shape shape, DType dtype, Device device) {
  Tensor x = empty(shape, dtype, device);
  if (x.size() == 0) return x;
  if (device == Device::cpu)
    std::memset(x.data(), 0, x.bytes());
  else
    runtime::fill_bytes(x.data(), 0, x.bytes(), current_stream());
  return x;
}

Tensor full(Shape shape, double value, DType dtype, Device device) {
  Tensor x = empty(shape, dtype, device);
  fill_(x, value);
  return x;
}

Tensor empty_like(const Tensor& x) { return empty(x.shape(), x.dtype(), x.device()); }
Tensor zeros_like(const Tensor& x) { return zeros(x.shape(), x.dtype(), x.device()); }

template <class T>
Tensor from_values(std::span<const T> values, Shape shape) {
  if (static_cast<std::size_t>(shape.size()) != values.size())
    throw ShapeError("from_values: expected " + std::to_string(shape.size()) + " values for " +
                     shape.to_string() + ", got " + std::to_string(values.size()));
  Tensor x = empty(shape, dtype_of<T>(), Device::cpu);
  std::copy(values.begin(), values.end(), x.data<T>());
  return x;
}

template Tensor from_values(std::span<const float>, Shape);
template Tensor from_values(std::span<const double>, Shape);
template Tensor from_values(std::span<const std::int32_t>, Shape);
template Tensor from_values(std::span<const std::uint8_t>, Shape);

}  // namespace weft
