#pragma once

#include <gtest/gtest.h>

#include "weft/device.h"

namespace weft::test {

/// Fixture of tests that launch kernels: skipped, with the reason, where Device::gpu cannot be used.
class GpuTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  }
};

}  // namespace weft::test
