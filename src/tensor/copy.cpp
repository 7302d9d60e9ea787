#include <cstring>
#include <string>

#include "src/device/runtime.h"
#include "src/tensor/tensor_state.h"
#include "weft/error.h"
#include "weft/tensor.h"

namespace weft {
namespace {

// Copies to and from the host are waited for: the CPU's ops do not run on a stream, and would read too
// early, or write or free what is still to be read. (CUDA stages pageable memory at once on most systems,
// not on those whose GPU reads it in place.)
void copy_bytes(void* to, Device to_device, const void* from, Device from_device,
                std::size_t bytes) {
  if (bytes == 0 || to == from) return;
  if (to_device == Device::cpu && from_device == Device::cpu) {
    std::memmove(to, from, bytes);
    return;
  }
  using runtime::Direction;
  const Direction direction = to_device == Device::cpu     ? Direction::device_to_host
                              : from_device == Device::cpu ? Direction::host_to_device
                                                           : Direction::device_to_device;
  const StreamView stream = current_stream();
  runtime::copy(to, from, bytes, direction, stream);
  if (direction != Direction::device_to_device) runtime::synchronize(stream);
}

Tensor copy_to(const Tensor& x, Device device) {
  Tensor copy = empty(x.shape(), x.dtype(), device);
  copy_bytes(copy.data(), device, x.data(), x.device(), x.bytes());
  return copy;
}

}  // namespace

Tensor Tensor::to(Device device) const {
  return device == this->device() ? *this : copy_to(*this, device);
}

Tensor Tensor::clone() const { return copy_to(*this, device()); }

bool overlap(const Tensor& a, const Tensor& b) {
  if (a.device() != b.device() || a.bytes() == 0 || b.bytes() == 0) return false;
  const auto* const first = static_cast<const std::byte*>(a.data());
  const auto* const second = static_cast<const std::byte*>(b.data());
  return first < second + b.bytes() && second < first + a.bytes();
}

void Tensor::copy_from(const Tensor& source) {
  if (source.shape() != shape() || source.dtype() != dtype())
    throw ShapeError(std::string("copy_from: expected ") + name_of(dtype()) + " " +
                     shape().to_string() + ", got " + name_of(source.dtype()) + " " +
                     source.shape().to_string());
  // CUDA copies ranges that overlap in no order that is known.
  const bool is_shifted =
      device() == Device::gpu && data() != source.data() && overlap(*this, source);
  const Tensor from = is_shifted ? source.clone() : source;
  copy_bytes(data(), device(), from.data(), from.device(), bytes());
}

template <class T>
std::vector<T> Tensor::to_vector() const {
  const T* const first = data<T>();
  std::vector<T> values(static_cast<std::size_t>(size()));
  copy_bytes(values.data(), Device::cpu, first, device(), bytes());
  return values;
}

template std::vector<float> Tensor::to_vector() const;
template std::vector<double> Tensor::to_vector() const;
template std::vector<std::int32_t> Tensor::to_vector() const;
template std::vector<std::uint8_t> Tensor::to_vector() const;

double Tensor::item() const {
  if (size() != 1) throw ShapeError("item: expected one element, got " + shape().to_string());
  switch (dtype()) {
    case DType::float32:
      return to_vector<float>()[0];
    case DType::float64:
      return to_vector<double>()[0];
    case DType::int32:
      return to_vector<std::int32_t>()[0];
    case DType::uint8:
      return to_vector<std::uint8_t>()[0];
  }
  return 0;
}

}  // namespace weft
