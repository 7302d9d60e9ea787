#include "tests/support/shapes.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>

namespace weft::test {
namespace {

struct Count {
  std::int64_t shapes = 0;
  double worst = -1;  // negative: none noted
};

class ShapeCounts : public ::testing::Environment {
 public:
  void TearDown() override {
    for (const auto& [kernel, count] : counts_) {
      std::printf("shapes: %s %lld", kernel.c_str(), static_cast<long long>(count.shapes));
      if (count.worst >= 0) std::printf(" worst_c %.3g", count.worst);
      std::printf("\n");
    }
  }
  Count& operator[](const std::string& kernel) { return counts_[kernel]; }

 private:
  std::map<std::string, Count> counts_;
};

// GoogleTest owns it, and calls TearDown after the last test.
ShapeCounts& shape_counts =
    *static_cast<ShapeCounts*>(::testing::AddGlobalTestEnvironment(new ShapeCounts));

}  // namespace

std::int64_t Rng::size(std::int64_t largest, std::int64_t smallest) {
  std::int64_t n = integer(smallest, largest);
  if (chance(0.25)) n = integer(smallest, std::min<std::int64_t>(largest, smallest + 8));
  if (chance(0.25)) n = (n + 31) / 32 * 32 + integer(-1, 1);
  return std::clamp(n, smallest, largest);
}

std::vector<std::int64_t> edge_sizes(std::int64_t block) {
  std::vector<std::int64_t> sizes = {0,   1,         31,    32,        33,           97,
                                     251, block - 1, block, block + 1, 3 * block + 5};
  std::ranges::sort(sizes);
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  return sizes;
}

void count_shapes(const std::string& kernel, std::int64_t count) {
  shape_counts[kernel].shapes += count;
}

void note_worst(const std::string& kernel, double c) {
  shape_counts[kernel].worst = std::max(shape_counts[kernel].worst, c);
}

bool single_seed(std::uint64_t& seed) {
  const char* text = std::getenv("WEFT_TEST_SEED");
  if (text == nullptr) return false;
  seed = std::strtoull(text, nullptr, 10);
  return true;
}

}  // namespace weft::test
