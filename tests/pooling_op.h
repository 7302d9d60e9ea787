#pragma once

// What the tests of pooling ops share, on each device: small images, and the gradients of sums of results.

#include <gtest/gtest.h>

#include <vector>

#include "weft/autograd.h"
#include "weft/device.h"
#include "weft/ops/reduction.h"
#include "weft/tensor.h"

namespace weft::test {

class PoolingOp : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    if (GetParam() == Device::gpu && !gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
  static Tensor image(const std::vector<float>& values, std::int64_t h, std::int64_t w) {
    return from_values(values, {1, h, w, 1}).to(GetParam());
  }
  /// The gradient of the sum of results: each pixel's shares in them.
  template <class Op>
  static std::vector<float> shares(const Tensor& x, Op op) {
    Tensor leaf = x.clone();
    leaf.set_requires_grad();
    sum(op(leaf)).backward();
    return leaf.grad().template to_vector<float>();
  }
};

}  // namespace weft::test
