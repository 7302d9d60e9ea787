#include "weft/device.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/support/error.h"
#include "weft/error.h"
#include "weft/ops/elementwise.h"
#include "weft/stream.h"
#include "weft/tensor.h"

namespace weft {
namespace {

using test::error_of;

// This program works on the last of several GPUs, which is not CUDA's current one.
const bool kIsLast = [] {
  if (gpu_available()) use_gpu(gpu_count() - 1);
  return true;
}();

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
    const std::string number = gpu_count() > 1 ? ":" + std::to_string(gpu_index()) : "";
    EXPECT_EQ(describe(Device::gpu), "gpu" + number + ": " + p.name);
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

TEST(Device, OneGpuIsUsedInAProcess) {
  EXPECT_EQ(gpu_count() > 0, gpu_available());
  if (!gpu_available()) {
    EXPECT_NE(error_of<DeviceError>([] { use_gpu(0); }).find(gpu_unavailable_reason()),
              std::string::npos);
    return;
  }
  const int last = gpu_count() - 1;
  EXPECT_TRUE(kIsLast);
  EXPECT_EQ(gpu_index(), last);
  use_gpu(last);  // once more: no other
  for (const int missing : {-1, last + 1, 99}) {
    const std::string complaint = "gpu: expected one that is there, gpu:0" +
                                  (last > 0 ? " to gpu:" + std::to_string(last) : std::string()) +
                                  ", found gpu:" + std::to_string(missing);
    EXPECT_EQ(error_of<DeviceError>([&] { use_gpu(missing); }), complaint);
    EXPECT_EQ(error_of<DeviceError>([&] { gpu_properties(missing); }), complaint);
  }
  for (int i = 0; i <= last; ++i) EXPECT_NE(gpu_properties(i).name, "");
  EXPECT_EQ(gpu_properties(gpu_index()).name, gpu_properties().name);
}

TEST(Device, AnotherGpuIsRefusedAfterTheFirstUse) {
  if (gpu_count() < 2) GTEST_SKIP() << "takes two GPUs, found " << gpu_count();
  EXPECT_EQ(error_of<DeviceError>([] { use_gpu(0); }),
            "gpu: expected to use one GPU in a process, found gpu:" + std::to_string(gpu_index()) +
                " in use and gpu:0 asked for");
  EXPECT_NE(gpu_index(), 0);
}

// With CUDA the current device is a thread's own: this one starts with gpu:0.
TEST(Device, AThreadOfItsOwnWorksOnTheGpuInUse) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  std::vector<float> sums;
  std::thread([&] {
    const Tensor x = full({33}, 2, DType::float32, Device::gpu);
    sums = add(x, x).to_vector<float>();
  }).join();
  EXPECT_EQ(sums, std::vector<float>(33, 4.0f));
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
