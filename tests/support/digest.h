#pragma once

// A number made of all bits of tensors: two runs gave the same bits where their digests are equal (FNV-1a, 64 bit).

#include <cstdint>
#include <cstring>
#include <vector>

#include "weft/autograd.h"
#include "weft/ops/elementwise.h"
#include "weft/ops/reduction.h"
#include "weft/tensor.h"

namespace weft::test {

class Digest {
 public:
  std::uint64_t value() const { return value_; }

  void add(const Tensor& x) {
    if (x.dtype() == DType::int32)
      add_values(x.to_vector<std::int32_t>());
    else if (x.dtype() == DType::uint8)
      add_values(x.to_vector<std::uint8_t>());
    else
      add_values(x.to_vector<float>());
  }

  template <class T>
  void add_values(const std::vector<T>& values) {
    for (const T& value : values) {
      unsigned char bytes[sizeof(T)];
      std::memcpy(bytes, &value, sizeof value);
      for (const unsigned char byte : bytes) value_ = (value_ ^ byte) * 1099511628211u;
    }
  }

  /// y's bits, and those of the gradients that the sum of y * y gives the leaves, whose gradients are cleared.
  void add_with_gradients(const Tensor& y, std::vector<Tensor> leaves) {
    add(y);
    sum(square(y)).backward();
    for (Tensor& leaf : leaves) {
      add(leaf.grad());
      leaf.set_grad({});
    }
  }

 private:
  std::uint64_t value_ = 14695981039346656037u;
};

}  // namespace weft::test
