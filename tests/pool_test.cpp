#include "src/device/pool.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <set>
#include <thread>

#include "tests/support/error.h"
#include "weft/error.h"
#include "weft/tensor.h"

namespace weft {
namespace {

using test::error_of;

const char* const kFresh = "AddressSanitizer: every block is fresh";

TEST(Pool, HandsOutAlignedBlocksThatDoNotOverlap) {
  Pool pool(Device::cpu);
  std::mt19937 random(7);
  struct Block {
    unsigned char* memory;
    std::size_t bytes;
    unsigned char mark;
  };
  std::vector<Block> blocks;
  for (int i = 0; i < 4000; ++i) {
    if (blocks.size() > 100 || (!blocks.empty() && random() % 3 == 0)) {
      const std::size_t k = random() % blocks.size();
      const Block block = blocks[k];
      for (std::size_t j = 0; j < block.bytes; ++j) ASSERT_EQ(block.memory[j], block.mark);
      pool.release(block.memory, block.bytes, {});
      blocks[k] = blocks.back();
      blocks.pop_back();
    } else {
      const std::size_t bytes = 1 + random() % (std::size_t{1} << (random() % 15));
      auto* const memory = static_cast<unsigned char*>(pool.allocate(bytes, {}));
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(memory) % 64, 0u);
      blocks.push_back({memory, bytes, static_cast<unsigned char>(i)});
      std::memset(memory, blocks.back().mark, bytes);
    }
  }
  for (const Block& block : blocks) pool.release(block.memory, block.bytes, {});
  EXPECT_EQ(pool.statistics().in_use, 0u);
  pool.trim();
  EXPECT_EQ(pool.statistics().cached, 0u);
}

TEST(Pool, AFreedBlockServesTheNextOfItsClass) {
  if (!kPoolCaches) GTEST_SKIP() << kFresh;
  Pool pool(Device::cpu);
  void* const first = pool.allocate(313600, {});  // a batch of 100 pictures of 28 x 28
  pool.release(first, 313600, {});
  for (int i = 0; i < 100; ++i) {
    void* const again = pool.allocate(313600 - static_cast<std::size_t>(i), {});
    EXPECT_EQ(again, first);
    pool.release(again, 313600 - static_cast<std::size_t>(i), {});
  }
  EXPECT_EQ(pool.statistics().from_device, 1u);
  pool.trim();
}

TEST(Pool, WastesAtMostAnEighthAboveTheSmallestClasses) {
  if (!kPoolCaches) GTEST_SKIP() << kFresh;
  for (std::size_t bytes = 1; bytes < 3000000; bytes += 1 + bytes / 50) {
    Pool pool(Device::cpu);
    void* const memory = pool.allocate(bytes, {});
    const std::size_t taken = pool.statistics().in_use;
    EXPECT_GE(taken, bytes);
    EXPECT_LE(taken, std::max<std::size_t>(bytes + 63, bytes + bytes / 8)) << bytes;
    pool.release(memory, bytes, {});
    void* const same = pool.allocate(taken, {});  // a class's size is of that class
    EXPECT_EQ(same, memory) << bytes;
    pool.release(same, taken, {});
    pool.trim();
  }
}

TEST(Pool, CountsWhatIsInUse) {
  Pool pool(Device::cpu);
  void* const a = pool.allocate(1024, {});
  void* const b = pool.allocate(2048, {});
  EXPECT_EQ(pool.statistics().in_use, 3072u);
  pool.release(b, 2048, {});
  EXPECT_EQ(pool.statistics().in_use, 1024u);
  EXPECT_EQ(pool.statistics().peak, 3072u);
  EXPECT_EQ(pool.statistics().cached, kPoolCaches ? 2048u : 0u);
  pool.release(a, 1024, {});
  pool.trim();
}

TEST(Pool, TheCpuKeepsOnlySoMuch) {
  if (!kPoolCaches) GTEST_SKIP() << kFresh;
  Pool pool(Device::cpu);
  const std::size_t large = std::size_t{100} << 20, medium = std::size_t{60} << 20;
  pool.release(pool.allocate(large, {}), large, {});
  EXPECT_EQ(pool.statistics().cached, 0u) << "one block of 100 MiB";
  std::vector<void*> blocks;
  for (int i = 0; i < 8; ++i) blocks.push_back(pool.allocate(medium, {}));
  for (void* block : blocks) pool.release(block, medium, {});
  EXPECT_LE(pool.statistics().cached, std::size_t{256} << 20) << "eight blocks of 60 MiB";
  pool.trim();
}

TEST(Pool, ABlockStaysOnItsStream) {
  if (!kPoolCaches) GTEST_SKIP() << kFresh;
  Pool pool(Device::cpu);  // the lists are the same for both devices
  int a = 0, b = 0;
  const StreamView first(&a), second(&b);
  void* const x = pool.allocate(1000, first);
  pool.release(x, 1000, first);
  void* const y = pool.allocate(1000, second);
  EXPECT_NE(x, y) << "work on the first stream may still use it";
  EXPECT_EQ(pool.allocate(1000, first), x);
  pool.release(x, 1000, first);
  pool.release(y, 1000, second);
  pool.forget(first, second);
  const std::set<void*> both{pool.allocate(1000, second), pool.allocate(1000, second)};
  EXPECT_EQ(both, (std::set<void*>{x, y})) << "a stream's heir has its blocks";
  for (void* block : both) pool.release(block, 1000, second);
  pool.trim();
}

TEST(Pool, ABlockThatOutlivesItsStreamGoesToTheHeir) {
  if (!kPoolCaches) GTEST_SKIP() << kFresh;
  Pool pool(Device::cpu);
  int a = 0, b = 0;
  const StreamView first(&a), second(&b);
  void* const x = pool.allocate(1000, first);
  pool.forget(first, second);
  pool.release(x, 1000, first);
  EXPECT_EQ(pool.allocate(1000, second), x);
  pool.release(x, 1000, second);
  void* const y = pool.allocate(1000, first);
  EXPECT_NE(x, y) << "another stream at the old one's address has blocks of its own";
  pool.release(y, 1000, first);
  pool.trim();
}

TEST(Pool, ServesManyThreads) {
  Pool pool(Device::cpu);
  const auto work = [&](unsigned seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < 3000; ++i) {
      const std::size_t bytes = 1 + random() % 5000;
      auto* const memory = static_cast<unsigned char*>(pool.allocate(bytes, {}));
      std::memset(memory, static_cast<int>(seed), bytes);
      for (std::size_t j = 0; j < bytes; j += 97) EXPECT_EQ(memory[j], seed);
      pool.release(memory, bytes, {});
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i <= 4; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(pool.statistics().in_use, 0u);
  pool.trim();
}

TEST(Pool, SaysHowMuchItCouldNotGive) {
  Pool pool(Device::cpu);
  EXPECT_EQ(error_of<DeviceError>([&] { pool.allocate(std::size_t{1} << 50, {}); }),
            "cpu: out of memory: expected at most 2^48 bytes, got 1125899906842624");
  if (kPoolCaches) {
    EXPECT_NE(error_of<DeviceError>([&] { pool.allocate(std::size_t{1} << 48, {}); }), "");
  }
  EXPECT_EQ(pool.statistics().in_use, 0u);
  EXPECT_NE(error_of<DeviceError>([] { empty({std::int64_t{1} << 47}); }), "");
}

TEST(Pool, ServesTheGpu) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Pool& pool = pool_of(Device::gpu);
  const std::size_t before = pool.statistics().in_use;
  const void* first = nullptr;
  {
    const Tensor x = zeros({1000}, DType::float32, Device::gpu);
    first = x.data();
    EXPECT_GE(pool.statistics().in_use, before + 4000);
    EXPECT_EQ(x.to_vector<float>(), std::vector<float>(1000, 0.0f));
  }
  EXPECT_EQ(pool.statistics().in_use, before);
  if (kPoolCaches) {
    EXPECT_EQ(empty({1000}, DType::float32, Device::gpu).data(), first);
    const Stream other;
    const StreamScope scope(other);
    const Tensor y = full({1000}, 2, DType::float32, Device::gpu);
    EXPECT_NE(y.data(), first);
    EXPECT_EQ(y.to_vector<float>()[999], 2);
  }
  pool.trim();
  EXPECT_EQ(pool.statistics().cached, 0u);
}

// A tensor that outlives its stream: its block waits, and trim() gives it back.
TEST(Pool, ATensorMayOutliveItsStream) {
  if (!gpu_available()) GTEST_SKIP() << gpu_unavailable_reason();
  Tensor x;
  {
    const Stream stream;
    const StreamScope scope(stream);
    x = full({5000}, 3, DType::float32, Device::gpu);
  }
  EXPECT_EQ(x.to_vector<float>()[4999], 3);
  x = {};
  pool_of(Device::gpu).trim();
  EXPECT_EQ(pool_of(Device::gpu).statistics().cached, 0u);
}

#if defined(__SANITIZE_ADDRESS__)
TEST(PoolDeathTest, ReadingPastATensorIsSeen) {
  const Tensor x = full({5}, 1);
  EXPECT_DEATH(
      {
        volatile const float* const past = x.data<float>() + 5;
        static_cast<void>(*past);
      },
      "heap-buffer-overflow");
}
#endif

}  // namespace
}  // namespace weft
