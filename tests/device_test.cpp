#include "weft/device.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/support/error.h"
#include "weft/error.h"
#include "weft/ops/elementwise.h"
#include "weft/stream.h"
#include "weft/tensor.h"

namespace weft {
namespace {

using test::error_of;

TEST(Device, DescribesTheCpu) {
  EXPECT_EQ(describe(Device::cpu).substr(0, 5), "cpu: ");
  EXPECT_NE(describe(Device::cpu).find("thread"), std::string::npos);
  EXPECT_STREQ(name_of(Device::cpu), "cpu");
  EXPECT_STREQ(name_of(Device::gpu), "gpu");
}

TEST(Device, TheGpuIsThereOrSaysWhyNot) {
  EXPECT_EQ(gpu_available(), gpu_unavailable_reason().empty());
  synchronize();  // harmless without one
  synchronize(Device::cpu);
  if (gpu_available()) {
    const DeviceProperties& p = gpu_properties();
    EXPECT_EQ(describe(Device::gpu), "gpu: " + p.name);
    EXPECT_GE(p.compute_capability, 75);
    EXPECT_GT(p.multiprocessors, 0);
    EXPECT_GE(p.shared_bytes_per_block, 48u * 1024);
    EXPECT_NE(p.driver, "");
  } else {
    EXPECT_NE(error_of<DeviceError>([] { gpu_properties(); }).find(gpu_unavailable_reason()),
              std::string::npos);
    EXPECT_NE(describe(Device::gpu).find(gpu_unavailable_reason()), std::string::npos);
    EXPECT_NE(error_of<DeviceError>([] { Stream(); }), "");
    EXPECT_NE(error_of<DeviceError>([] { current_stream(); }), "");
  }
}

TEST(Stream, AScopeMakesItCurrentForThisThread) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  const StreamView own = current_stream();
  Stream a;
  const Stream b;
  {
    const StreamScope outer(a);
    EXPECT_EQ(current_stream(), StreamView(a));
    {
      const StreamScope inner(b);
      EXPECT_EQ(current_stream(), StreamView(b));
    }
    EXPECT_EQ(current_stream(), StreamView(a));
    StreamView elsewhere;
    std::thread([&] { elsewhere = current_stream(); }).join();
    EXPECT_EQ(elsewhere, own);
  }
  EXPECT_EQ(current_stream(), own);
  a.synchronize();
  const StreamView view = a;
  Stream moved = std::move(a);
  EXPECT_EQ(StreamView(moved), view);
}

// Work on one stream runs in order, over many blocks that are taken again at once.
TEST(Stream, ReusedBlocksKeepTheOrder) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  const Stream stream;
  const StreamScope scope(stream);
  Tensor last;
  for (int i = 0; i < 200; ++i) {
    Tensor x = empty({2000}, DType::float32, Device::gpu);
    fill_(x, i);  // a launch: a copy from the host would wait
    last = x.clone();
  }
  EXPECT_EQ(last.to_vector<float>(), std::vector<float>(2000, 199.0f));
}

}  // namespace
}  // namespace weft
